//! What models cost: the built-in catalogue, and what manifests say instead.

use super::{build, described, endpoint, facts, run, table};
use crate::{
    chat::Usage,
    manifest::schema::published,
    model::spec::ModelPrice,
    routing::{BUILT_IN_VERSION, ModelFacts, RoutingTable},
};
use serde_json::{Value, json};

fn catalog(name: &str, models: &str) -> String {
    format!("---\nkind: ModelCatalog\nmetadata: {{name: {name}}}\nspec:\n  models:\n{models}")
}

fn known(table: &RoutingTable, model: &str) -> ModelFacts {
    let (decision, _) = run(table, &facts(model));
    table.facts_of(&decision.unwrap().targets[0])
}

fn price(input: u64, output: u64) -> ModelPrice {
    ModelPrice {
        input,
        output,
        cached_input: None,
        cache_write: None,
    }
}

const OPENAI: &str = "---\nkind: ModelEndpoint\nmetadata: {name: openai}\nspec:\n  provider: openai\n  models: [gpt-4o, gpt-4o-2024-08-06, gpt-4o-2024-05-13, gpt-4o-audio-preview, o3, nobodys-model]\n  default_model: gpt-4o\n";

#[test]
fn built_in_prices_are_found_by_provider_and_name_and_unknown_is_unknown() {
    assert!(!BUILT_IN_VERSION.is_empty());
    let table = table(&[OPENAI.to_owned(), endpoint("small", "  models: [gpt-4]\n")].concat());
    let gpt = known(&table, "gpt-4o");
    let expected = ModelPrice {
        input: 2_500_000,
        output: 10_000_000,
        cached_input: Some(1_250_000),
        cache_write: None,
    };
    assert_eq!(gpt.price, Some(expected));
    assert_eq!(gpt.context_tokens, Some(128_000));
    assert_eq!(known(&table, "gpt-4o-2024-08-06").price, Some(expected));
    // The exact name goes before the pattern.
    assert_eq!(
        known(&table, "gpt-4o-2024-05-13").price,
        Some(price(5_000_000, 15_000_000))
    );
    // No pattern is so wide that another model has its price.
    assert_eq!(known(&table, "gpt-4o-audio-preview").price, None);
    assert_eq!(known(&table, "nobodys-model"), ModelFacts::default());
    assert!(
        known(&table, "o3")
            .refuses
            .contains(&"temperature".to_owned())
    );
    // The mock costs nothing, whatever its models are called.
    assert_eq!(known(&table, "gpt-4").price, Some(price(0, 0)));
}

#[test]
fn what_is_more_particular_goes_first_and_the_rest_is_filled_in() {
    let text = [
        OPENAI.to_owned(),
        "---\nkind: ModelEndpoint\nmetadata: {name: azure}\nspec: {provider: openai, default_model: mine, models: [mine]}\n".to_owned(),
        catalog("any", "    - {model: 'gpt-4o*', price: {input: 1, output: 1}}\n    - {model: nobodys-model, provider: OpenAI, price: {input: 7, output: 7}, refuses: [seed]}\n"),
        catalog("one", "    - {model: GPT-4o, endpoint: azure, price: {input: 2, output: 2}}\n    - {model: gpt-4o, provider: openai, price: {input: 3, output: 3}}\n"),
    ];
    let table = table(&text.concat());
    assert_eq!(known(&table, "azure/gpt-4o").price, Some(price(2, 2)));
    assert_eq!(known(&table, "openai/gpt-4o").price, Some(price(3, 3)));
    assert_eq!(
        known(&table, "openai/gpt-4o-2024-08-06").price,
        Some(price(1, 1))
    );
    assert_eq!(known(&table, "nobodys-model").price, Some(price(7, 7)));
    assert_eq!(*known(&table, "nobodys-model").refuses, ["seed".to_owned()]);
    // What the manifests do not say, the built-in catalogue does.
    assert_eq!(
        known(&table, "azure/gpt-4o").max_output_tokens,
        Some(16_384)
    );
    assert_eq!(known(&table, "azure/mine"), ModelFacts::default());
}

#[test]
fn an_entry_that_stands_twice_is_an_error() {
    let text = [
        OPENAI.to_owned(),
        catalog(
            "a",
            "    - {model: x}\n    - {model: x, provider: openai}\n",
        ),
        catalog("b", "    - {model: X, price: {input: 1, output: 1}}\n"),
    ];
    let (_, findings) = build(&text.concat());
    assert_eq!(
        described(&findings),
        [
            "repo.yaml:20:7 E-GRAPH-AMBIGUOUS `X` stands twice in the catalogues (it also stands at repo.yaml:13; keep one of them)"
        ]
    );
}

#[test]
fn cost_counts_every_token_once_and_rounds_up() {
    let facts = ModelFacts {
        price: Some(ModelPrice {
            input: 3_000_000,
            output: 15_000_000,
            cached_input: Some(300_000),
            cache_write: Some(3_750_000),
        }),
        ..ModelFacts::default()
    };
    let usage = Usage {
        prompt_tokens: 1_000_000,
        cached_tokens: 900_000,
        cache_write_tokens: 50_000,
        completion_tokens: 10_000,
        ..Usage::default()
    };
    // 50,000 × 3 + 900,000 × 0.30 + 50,000 × 3.75 + 10,000 × 15
    assert_eq!(
        facts.cost_microdollars(&usage),
        Some(150_000 + 270_000 + 187_500 + 150_000)
    );
    let one = Usage {
        prompt_tokens: 1,
        cached_tokens: 1,
        ..Usage::default()
    };
    assert_eq!(facts.cost_microdollars(&one), Some(1));
    assert_eq!(facts.cost_microdollars(&Usage::default()), Some(0));
    assert_eq!(
        facts.worst_cost_microdollars(1_000_000, 1_000_000),
        Some(18_750_000)
    );
    assert_eq!(ModelFacts::default().cost_microdollars(&usage), None);
    // More cached tokens than there are: nothing is counted below zero.
    let odd = Usage {
        prompt_tokens: 10,
        cached_tokens: 100,
        cache_write_tokens: 100,
        ..Usage::default()
    };
    assert_eq!(facts.cost_microdollars(&odd), Some(3));
}

#[test]
fn built_in_catalogue_is_a_catalogue_that_a_repository_could_hold() {
    let text = include_str!("../catalogue/built_in.json");
    let file: Value = serde_json::from_str(text).unwrap();
    let schema = serde_json::from_str(published("ModelCatalog").unwrap()).unwrap();
    let manifest = json!({
        "kind": "ModelCatalog",
        "metadata": { "name": "built-in" },
        "spec": { "models": file["models"] },
    });
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<_> = validator
        .iter_errors(&manifest)
        .map(|it| it.to_string())
        .collect();
    assert_eq!(errors, Vec::<String>::new());
    let (_, findings) = build(&manifest.to_string());
    assert_eq!(described(&findings), Vec::<String>::new());
}

#[test]
fn what_each_generation_of_claude_refuses_is_known() {
    let models = "claude-opus-4-20250514, claude-opus-4-5-20251101, claude-sonnet-4-6, claude-opus-4-8, claude-sonnet-5, claude-opus-5, claude-fable-5, claude-fable-5-1, claude-opus-5-5, claude-sonnet-5-5, claude-haiku-5-5";
    let text = format!(
        "---\nkind: ModelEndpoint\nmetadata: {{name: claude}}\nspec:\n  provider: anthropic\n  models: [{models}]\n  default_model: claude-opus-5\n"
    );
    let table = table(&text);
    let adaptive = "temperature top_p top_k thinking.budget_tokens";
    let always = "temperature top_p top_k thinking.budget_tokens thinking.disabled";
    for (model, refused) in [
        ("claude-opus-4-20250514", ""),
        ("claude-opus-4-5-20251101", "temperature+top_p"),
        ("claude-sonnet-4-6", "temperature+top_p"),
        ("claude-opus-4-8", adaptive),
        ("claude-sonnet-5", adaptive),
        ("claude-opus-5", adaptive),
        ("claude-fable-5", always),
        ("claude-fable-5-1", always),
        ("claude-opus-5-5", always),
        ("claude-sonnet-5-5", always),
        ("claude-haiku-5-5", always),
    ] {
        assert_eq!(known(&table, model).refuses.join(" "), refused, "{model}");
    }
}
