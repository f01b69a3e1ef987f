"""Holds a JUnit report on standard input against an XML Schema; says how many cases it has."""

import sys

import xmlschema

schema = xmlschema.XMLSchema10(sys.argv[1])
report = sys.stdin.buffer.read().decode("utf-8")
for wrong in (
    report.replace(" name=", " nmae=", 2),
    report.replace("<testsuite ", "<testsuiet ", 1).replace("</testsuite>", "</testsuiet>"),
):
    assert not schema.is_valid(wrong), "the schema checks"
schema.validate(report)
print("valid:", report.count("<testcase "), "cases")
