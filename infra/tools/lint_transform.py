"""Lints what SAM's transform makes of a template.

SAM's shorthand hides mistakes from cfn-lint: undefined references, misspelt
permissions, cycles. So this runs the transform first and lints its result. With
--planted it plants such mistakes, one at a time, and fails if one is not found: a
check that never failed is no check. It also makes two deployments of one template,
which have to make two versions of every function: SAM makes none for the value of a
parameter alone.
"""

import copy
import json
import logging
import sys

from cfnlint.api import ManualArgs, lint
from samcli.yamlhelper import yaml_parse
from samtranslator.public.exceptions import InvalidDocumentException
from samtranslator.translator.transform import transform

# What cfn-lint says of valid results of the transform: SAM spells some things its own way.
EXPECTED = {"W2001", "W3005"}


class NoPolicies:
    """No function names a managed policy, so none has to be looked up at AWS."""

    def load(self):
        return {}


def transformed(document, parameters):
    """What the transform makes of a template."""
    document = copy.deepcopy(document)
    for resource in document["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://nowhere/nothing.zip"
    return transform(document, parameters, NoPolicies())


def stale(document):
    """Functions that a deployment changes and does not publish, one line each."""
    results = [transformed(document, {"Release": release})["Resources"] for release in ("1764082500", "1764082501")]
    of = [{name for name, made in result.items() if made["Type"] == "AWS::Lambda::Version"} for result in results]
    found = [f"{name} is published once for two releases" for name in of[0] & of[1]]
    for name, made in results[1].items():
        if made["Type"] == "AWS::Lambda::Function" and made["Properties"].get("Description") != "1764082501":
            found.append(f"{name} is the same in two releases, and a second version of it would be refused")
    return found


def faults(document):
    """Everything wrong with a template, one line each."""
    try:
        result = transformed(document, {"Release": "1764082500"})
        unpublished = stale(document)
    except InvalidDocumentException as fault:
        return [cause.message for cause in fault.causes]
    matches = lint(json.dumps(result, indent=1), config=ManualArgs(regions=["us-east-1"]))
    return unpublished + [f"{m.rule.id} {'/'.join(map(str, m.path))}: {m.message}" for m in matches if m.rule.id not in EXPECTED]


def planted(text):
    """Mistakes by name, each a text to replace and what replaces it."""
    return {
        "a reference to nothing": ("!Ref Api}", "!Ref Apy}"),
        "an attribute of nothing": ("!GetAtt Table.Arn", "!GetAtt Tables.Arn"),
        "an attribute that is none": ("!GetAtt Pool.Arn", "!GetAtt Pool.Name"),
        "an architecture that is none": ("[arm64]", "[arm65]"),
        "a misspelt effect": ("Effect: Allow", "Effect: Alow"),
        "a misspelt action": ("dynamodb:ConditionCheckItem", "dynamodb:ConditionCheckItems"),
        "a function that no release publishes": ("      AutoPublishCodeSha256: !Ref Release\n", "      AutoPublishAliasAllProperties: true\n"),
        "a route without a path": ('Path: "/{district}/home", ', ""),
    }


def main(arguments):
    logging.disable(logging.CRITICAL)  # SAM tells of its own feature flags
    path = arguments[-1]
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if "--planted" not in arguments:
        found = faults(yaml_parse(text))
        print("\n".join(found) or "nothing wrong")
        return 1 if found else 0
    unseen = 0
    for name, (old, new) in planted(text).items():
        if old not in text:
            print(f"cannot plant {name}: {old!r} is not in {path}")
            unseen += 1
            continue
        found = faults(yaml_parse(text.replace(old, new, 1)))
        print(f"{'found ' if found else 'MISSED'} {name}: {found[0][:120] if found else ''}")
        unseen += not found
    return 1 if unseen else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
