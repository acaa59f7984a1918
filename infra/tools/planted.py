"""Plants mistakes in a template and asks the tools: each has to find its own.

A check that never failed is no check. The mistakes of lint_transform.py are
planted there, those of our own checks in infra/template; here are those of SAM
itself and of checkov, which is asked once for all of its own.
"""

import json
import os
import subprocess
import sys

PLANTED = "build/planted.yaml"
VALIDATE = ["sam", "validate", "--template", PLANTED]
LINT = ["sam", "validate", "--lint", "--template", PLANTED]
BUILD = ["sam", "build", "--no-cached", "--base-dir", ".", "--build-dir", "build/planted", "--template", PLANTED]

# By name: which tool, what to replace and by what, and a word of what it says.
SAM = {
    "a route without a path": (VALIDATE, 'Path: "/{district}/home", ', "", "Path"),
    "a deployment without an alias": (VALIDATE, "    AutoPublishAlias: live\n", "", "AutoPublishAlias"),
    "a policy of SAM's that is none": (VALIDATE, '        - Version: "2012-10-17"\n          Statement:\n', "        - DynamoDBEverythingPolicy: {}\n        - Version: \"2012-10-17\"\n          Statement:\n", "Policy at index 0"),
    "a property that is none": (LINT, "      BillingMode: ", "      Billing: ", "Billing"),
    "a value that is none": (LINT, "SSEType: KMS", "SSEType: KMZ", "KMZ"),
    "a function's code elsewhere": (BUILD, "functions/pages/bootstrap/", "functions/page/bootstrap/", "functions/page/bootstrap"),
}

# By the check that has to find it: what to replace, and by what.
CHECKOV = {
    "CKV_AWS_7": ("EnableKeyRotation: true", "EnableKeyRotation: false"),
    "CKV_AWS_26": ("      KmsMasterKeyId: !GetAtt Key.Arn\n", ""),
    "CKV_AWS_28": ("PointInTimeRecoveryEnabled: true", "PointInTimeRecoveryEnabled: false"),
    "CKV_AWS_76": ("      AccessLogSetting:", "      NoAccessLogSetting:"),
    "CKV_AWS_115": ("      ReservedConcurrentExecutions: 1\n", ""),
    "CKV_AWS_119": ("SSEEnabled: true, SSEType: KMS, KMSMasterKeyId: !GetAtt Key.Arn", "SSEEnabled: false"),
    "CKV_AWS_158": (", KmsKeyId: !GetAtt Key.Arn}", "}"),
}


def plant(text, mistakes):
    """Writes the template with the mistakes in it."""
    for old, new in mistakes:
        if old not in text:
            sys.exit(f"cannot plant it: {old!r} is not in the template")
        text = text.replace(old, new, 1)
    os.makedirs("build", exist_ok=True)
    with open(PLANTED, "w", encoding="utf-8") as file:
        file.write(text)


def sam(text):
    """How many of SAM's mistakes it misses."""
    missed = 0
    for name, (command, old, new, says) in SAM.items():
        plant(text, [(old, new)])
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        said = done.stdout + done.stderr
        found = done.returncode != 0 and says in said
        print(f"{'found ' if found else 'MISSED'} {name}: {' '.join(command[:3])}{'' if found else chr(10) + said}")
        missed += not found
    return missed


def checkov(text, program):
    """How many of checkov's mistakes it misses, and how much it finds where none was planted."""
    with open(PLANTED, "w", encoding="utf-8") as file:
        file.write(text)
    wrong, checked = ask(program)
    for check, resource in sorted(wrong):
        print(f"WRONG  {check} of {resource}")
    if checked < 50:
        sys.exit(f"checkov made {checked} checks, and can hardly have read the template")
    print(f"{checked} checks of checkov find {len(wrong)} faults")
    plant(text, CHECKOV.values())
    found = {check for check, _ in ask(program)[0]}
    for check in CHECKOV:
        print(f"{'found ' if check in found else 'MISSED'} {check}")
    return len(wrong) + len(CHECKOV.keys() - found)


def ask(program):
    """What checkov says of the planted template: what failed, and how much it looked at.

    It has its own policies with it and is let nowhere: the proxy is nobody's.
    """
    command = [program, "--file", PLANTED, "--framework", "cloudformation", "--skip-download", "--compact", "--output", "json"]
    nowhere = {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | nowhere)
    try:
        report = json.loads(done.stdout)
    except json.JSONDecodeError:
        sys.exit(f"checkov: {done.stdout}{done.stderr}")
    failed = {(fault["check_id"], fault["resource"]) for fault in report["results"]["failed_checks"]}
    summary = report["summary"]
    if summary["parsing_errors"]:
        sys.exit("checkov cannot read the template")
    return failed, summary["passed"] + summary["failed"] + summary["skipped"]


def main(arguments):
    with open("template.yaml", encoding="utf-8") as file:
        text = file.read()
    os.makedirs("build", exist_ok=True)
    return 1 if (checkov(text, arguments[1]) if arguments[0] == "checkov" else sam(text)) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
