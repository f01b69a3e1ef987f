//! Repositories that are meant to hurt: an error that names the file, in bounded time and memory.

use crate::support::{
    cli::{Output, finish, hermetic},
    git::{TestRepo, git},
    measured::measure,
};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

/// Memory of a process that reads a repository of one small file, with room for what the system counts (MiB).
static BASE: LazyLock<u64> = LazyLock::new(|| {
    let repo = TestRepo::with(&[("good.yaml", GOOD)]);
    let measured = measure(&repo.work(), &["validate", "--rev", "main", "-o", "json"]);
    measured.peak().min(64) + 4
});

const GOOD: &str =
    "kind: ModelEndpoint\nmetadata: {name: end}\nspec: {provider: mock, default_model: m}\n";

/// Writes a loose object of `argv[3]` MiB of zeros that has about a thousandth of that on disk.
const BOMB: &str = "
import os, struct, sys, zlib
path, mib = sys.argv[1], int(sys.argv[2])
head = b'blob %d\\0' % (mib << 20)
packer = zlib.compressobj(9)
out = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
blocks = [packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2)]
assert blocks[0] == blocks[1]
low, high = zlib.adler32(head) & 0xffff, zlib.adler32(head) >> 16
check = (high + low * (mib << 20)) % 65521 << 16 | low
os.makedirs(os.path.dirname(path), exist_ok=True)
open(path, 'wb').write(out + blocks[0] * mib + b'\\3\\0' + struct.pack('>I', check))
";

/// Runs a `git` command that reads `input` in the clone.
fn fed(repo: &TestRepo, arguments: &[&str], input: &[u8]) -> String {
    let file = repo.bare().join("input");
    fs::write(&file, input).unwrap();
    let mut command = hermetic(Path::new("git"), &repo.bare());
    command.current_dir(repo.work()).args(arguments);
    command.stdin(fs::File::open(&file).unwrap());
    let output = finish(command, "git").success();
    output.stdout.trim().to_owned()
}

/// Makes `tree` the commit of `main`, in the clone.
fn commit_tree(repo: &TestRepo, listing: &str) {
    let tree = fed(repo, &["mktree", "--missing"], listing.as_bytes());
    let work = repo.work();
    let commit = git(&repo.bare(), &work, &["commit-tree", &tree, "-m", "x"]).stdout;
    git(
        &repo.bare(),
        &work,
        &["update-ref", "refs/heads/main", commit.trim()],
    );
}

fn object(repo: &TestRepo, id: &str) -> PathBuf {
    repo.work()
        .join(".git/objects")
        .join(&id[..2])
        .join(&id[2..])
}

#[track_caller]
fn validate(repo: &TestRepo, seconds: u64, mib: u64) -> Output {
    let arguments = ["validate", "--rev", "main", "-o", "json"];
    measure(&repo.work(), &arguments).within(seconds, mib)
}

#[test]
fn blob_of_a_gibibyte_is_refused_by_its_header() {
    let repo = TestRepo::with(&[("good.yaml", GOOD)]);
    let good = git(&repo.bare(), &repo.work(), &["rev-parse", "main:good.yaml"]).stdout;
    let bomb = "ab".repeat(20);
    let mut command = hermetic(Path::new("python3"), &repo.bare());
    command
        .args(["-c", BOMB])
        .arg(object(&repo, &bomb))
        .arg("1024");
    finish(command, "python3").success();
    assert!(fs::metadata(object(&repo, &bomb)).unwrap().len() < 2 << 20);
    let good = good.trim();
    commit_tree(
        &repo,
        &format!("100644 blob {bomb}\tbig.yaml\n100644 blob {good}\tgood.yaml\n"),
    );
    let output = validate(&repo, 5, *BASE).code(3);
    let findings = output.json()["findings"].clone();
    assert_eq!(findings.as_array().unwrap().len(), 1, "{findings}");
    assert_eq!(findings[0]["code"], "E-LIMIT-FILE-SIZE");
    assert_eq!(findings[0]["file"], "big.yaml");
}

#[test]
fn hundred_thousand_files_of_a_mebibyte_end_at_the_limit_of_a_revision() {
    let repo = TestRepo::with(&[("good.yaml", GOOD)]);
    let text = format!("# {}\n", "x".repeat((1 << 20) - 3));
    let blob = fed(&repo, &["hash-object", "-w", "--stdin"], text.as_bytes());
    let line = |number| format!("100644 blob {blob}\tf{number:06}.yaml\n");
    commit_tree(&repo, &(0..100_000).map(line).collect::<String>());
    let output = validate(&repo, 10, *BASE).code(3);
    let findings = output.json()["findings"].clone();
    assert_eq!(findings[0]["code"], "E-LIMIT-TOTAL-SIZE");
    assert_eq!(findings[0]["file"], "f000255.yaml");
}

/// Two bytes a value: the bytes of a revision have room for a hundred million, each of which takes memory.
#[test]
#[cfg_attr(
    debug_assertions,
    ignore = "a minute in an unoptimised build; `./test --fuzz` runs it in an optimised one"
)]
fn largest_number_of_values_ends_at_the_limit_of_a_revision() {
    let repo = TestRepo::with(&[("good.yaml", GOOD)]);
    let role = format!(
        "kind: Tool\nmetadata: {{name: a}}\nspec: {{input_schema: {{enum: [{}]}}}}\n",
        "a,".repeat(190_000)
    );
    let blob = fed(&repo, &["hash-object", "-w", "--stdin"], role.as_bytes());
    let line = |number| format!("100644 blob {blob}\tf{number:06}.yaml\n");
    commit_tree(&repo, &(0..600).map(line).collect::<String>());
    let output = validate(&repo, 55, 3 * 1024).code(3);
    let findings = output.json()["findings"].clone();
    assert_eq!(findings.as_array().unwrap().len(), 1, "{findings}");
    assert_eq!(findings[0]["code"], "E-LIMIT-VALUES");
    assert_eq!(findings[0]["file"], "f000068.yaml");
}

/// Ten levels of ten directories each; the lowest hold ten files.
fn git_bomb(repo: &TestRepo, ending: &str) {
    let blob = fed(repo, &["hash-object", "-w", "--stdin"], b"a: 1");
    let list = |mode: &str, id: &str, ending: &str| -> String {
        let line = |number| format!("{mode} {id}\td{number}{ending}\n");
        (0..10).map(line).collect()
    };
    let mut listing = list("100644 blob", &blob, ending);
    for _ in 1..10 {
        let tree = fed(repo, &["mktree"], listing.as_bytes());
        listing = list("040000 tree", &tree, "");
    }
    commit_tree(repo, &listing);
}

#[test]
fn twelve_objects_that_name_ten_thousand_million_files_are_refused() {
    let repo = TestRepo::with(&[("good.yaml", GOOD)]);
    git_bomb(&repo, ".yaml");
    let output = validate(&repo, 15, *BASE + 64).code(3);
    let findings = output.json()["findings"].clone();
    let found = findings.as_array().unwrap().iter();
    let limit: Vec<_> = found.filter(|one| one["code"] == "E-LIMIT-FILES").collect();
    assert_eq!(limit.len(), 1);
    assert!(limit[0]["file"].as_str().unwrap().starts_with("d0/d"));
    // What is no manifest is looked at once per object.
    git_bomb(&repo, ".txt");
    let output = validate(&repo, 5, *BASE).code(3);
    output.says("E-LIMIT-EMPTY");
}

/// Cuts every sort of object at every sort of place: `validate` ends with an error, whatever is missing.
#[test]
fn truncated_objects_are_an_error_and_never_a_loop() {
    for name in ["main^{commit}", "main^{tree}", "main:d", "main:d/good.yaml"] {
        let repo = TestRepo::with(&[("d/good.yaml", &format!("{GOOD}# {}\n", noise()))]);
        let work = repo.work();
        let id = git(&repo.bare(), &work, &["rev-parse", name]).stdout;
        let path = object(&repo, id.trim());
        let whole = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        for length in [
            0,
            1,
            2,
            3,
            5,
            10,
            whole.len() / 2,
            whole.len() - 5,
            whole.len() - 1,
        ] {
            fs::write(&path, &whole[..length]).unwrap();
            let measured = measure(&work, &["validate", "--rev", "main"]);
            assert!(
                !matches!(measured.output.code, Some(0) | None),
                "{name} cut at {length}: {}",
                measured.output.everything()
            );
            measured.within(10, *BASE);
        }
    }
}

/// Text that does not compress to nothing.
fn noise() -> String {
    let letter = |n: u32| char::from(b'a' + (n.wrapping_mul(2_654_435_761) >> 24) as u8 % 26);
    (0..20_000).map(letter).collect()
}
