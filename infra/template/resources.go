package template

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// wants are properties that every resource of a kind has to have so: a path into
// the properties, and the value as text. A star is every element of a list. What one
// resource has to say as a whole is in meant.yaml.
var wants = map[string]map[string]string{
	"AWS::Serverless::Function": {
		"AutoPublishAlias":             "",
		"AutoPublishCodeSha256":        "Release", // else the value of a parameter would reach nothing that runs
		"DeploymentPreference.Type":    "",
		"DeploymentPreference.Enabled": "",
		"KmsKeyArn":                    "",
		"LoggingConfig.LogFormat":      "",
		"Tracing":                      "", // a trace would hold the path
		"FunctionUrlConfig":            "", // a second origin
		"Role":                         "", // its own
	},
	"AWS::Serverless::Api": {
		"Cors":                            "", // a portal's origin may be let in for some routes, never with credentials
		"MinimumCompressionSize":          "", // the size of what is compressed tells of it
		"CacheClusterEnabled":             "", // a page is somebody's
		"AccessLogSetting.DestinationArn": "AccessLog.Arn",
		"DisableExecuteApiEndpoint":       "true",
		"TracingEnabled":                  "false",
	},
	"AWS::DynamoDB::Table": {
		"BillingMode":                                                 "PAY_PER_REQUEST",
		"DeletionProtectionEnabled":                                   "true",
		"StreamSpecification.StreamViewType":                          "KEYS_ONLY",
		"TimeToLiveSpecification.Enabled":                             "true",
		"SSESpecification.SSEType":                                    "KMS",
		"SSESpecification.SSEEnabled":                                 "true",
		"SSESpecification.KMSMasterKeyId":                             "Key.Arn",
		"GlobalSecondaryIndexes.*.Projection":                         "map[ProjectionType:KEYS_ONLY]",
		"PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled": "true",
	},
	"AWS::Cognito::UserPool": {
		"UserPoolTier":                                          "LITE",
		"UsernameConfiguration.CaseSensitive":                   "true",
		"AdminCreateUserConfig.AllowAdminCreateUserOnly":        "true",
		"AccountRecoverySetting.RecoveryMechanisms":             "[map[Name:admin_only Priority:1]]",
		"MfaConfiguration":                                      "OFF",
		"DeletionProtection":                                    "ACTIVE",
		"Policies.PasswordPolicy.MinimumLength":                 "8",
		"Policies.PasswordPolicy.RequireLowercase":              "false",
		"Policies.PasswordPolicy.RequireUppercase":              "false",
		"Policies.PasswordPolicy.RequireNumbers":                "false",
		"Policies.PasswordPolicy.RequireSymbols":                "false",
		"Policies.PasswordPolicy.TemporaryPasswordValidityDays": "1",
		"AliasAttributes":                                       "",
		"EmailConfiguration":                                    "",
		"LambdaConfig":                                          "",
		"UsernameAttributes":                                    "",
		"AutoVerifiedAttributes":                                "",
		"Schema":                                                "",
	},
	"AWS::Cognito::UserPoolClient": {
		"GenerateSecret":                 "true",
		"ExplicitAuthFlows":              "[ALLOW_ADMIN_USER_PASSWORD_AUTH]",
		"PreventUserExistenceErrors":     "ENABLED",
		"WriteAttributes":                "[updated_at]",
		"ReadAttributes":                 "[updated_at]",
		"AllowedOAuthFlows":              "",
		"SupportedIdentityProviders":     "",
		"AccessTokenValidity":            "5",
		"TokenValidityUnits.AccessToken": "minutes",
	},
	"AWS::WAFv2::WebACL": {
		"VisibilityConfig.SampledRequestsEnabled": "false",
	},
	"AWS::WAFv2::WebACLAssociation": {
		"WebACLArn":   "Firewall.Arn",
		"ResourceArn": "arn:${AWS::Partition}:apigateway:${AWS::Region}::/restapis/${Api}/stages/${Api.Stage}",
	},
	"AWS::Logs::LogGroup": {
		"KmsKeyId":        "Key.Arn",
		"RetentionInDays": "LogDays",
	},
	"AWS::KMS::Key":   {"EnableKeyRotation": "true"},
	"AWS::SQS::Queue": {"SqsManagedSseEnabled": "true"},
	"AWS::SNS::Topic": {"KmsMasterKeyId": "Key.Arn", "Subscription": "[map[Endpoint:OperatorEmail Protocol:email]]"},
	"AWS::Budgets::Budget": {
		"Budget.BudgetLimit.Amount": "MonthlyBudget",
	},
	"AWS::CloudWatch::Dashboard": {"DashboardName": "AWS::StackName"},
}

// once are kinds of which there is one: a second client or pool would be another
// way in, a second budget another bill.
var once = []string{
	"AWS::Serverless::Api", "AWS::DynamoDB::Table", "AWS::Cognito::UserPool", "AWS::Cognito::UserPoolClient", "AWS::WAFv2::WebACL",
	"AWS::SNS::Topic", "AWS::Budgets::Budget", "AWS::KMS::Key", "AWS::IAM::Role", "AWS::SNS::TopicPolicy", "AWS::Lambda::EventSourceMapping",
}

// checkResources holds every resource to what its kind has to be, and the kinds to
// being there.
func checkResources(doc document) error {
	faults := []error{checkDeployment(doc.Globals["Function"])}
	many := map[string]int{}
	for name, r := range doc.Resources {
		many[r.Type]++
		faults = append(faults, checkResource(name, r.Type, r.Properties))
	}
	for kind := range wants {
		if many[kind] == 0 {
			faults = append(faults, fmt.Errorf("there is no %s", kind))
		}
	}
	for _, kind := range once {
		if many[kind] > 1 {
			faults = append(faults, fmt.Errorf("there are %d of %s, want one", many[kind], kind))
		}
	}
	return errors.Join(faults...)
}

// preferences are CodeDeploy's ways to move an alias, as SAM names them. Another
// name would be found only while a stack is being changed.
var preferences = []string{
	"AllAtOnce", "Canary10Percent5Minutes", "Canary10Percent10Minutes", "Canary10Percent15Minutes", "Canary10Percent30Minutes",
	"Linear10PercentEvery1Minute", "Linear10PercentEvery2Minutes", "Linear10PercentEvery3Minutes", "Linear10PercentEvery10Minutes",
}

// checkDeployment holds that production changes step by step, and that CodeDeploy
// knows the steps.
func checkDeployment(globals map[string]any) error {
	preference, _ := globals["DeploymentPreference"].(map[string]any)
	steps, _ := preference["Type"].([]any)
	if len(steps) != 3 || steps[0] != "Production" || steps[1] == "AllAtOnce" {
		return fmt.Errorf("DeploymentPreference: %v, want !If [Production, step by step, otherwise]", preference["Type"])
	}
	for _, step := range steps[1:] {
		if !slices.Contains(preferences, fmt.Sprint(step)) {
			return fmt.Errorf("DeploymentPreference: CodeDeploy knows no %v", step)
		}
	}
	return nil
}

// checkResource holds one resource to what its kind has to be.
func checkResource(name, kind string, properties map[string]any) error {
	var faults []error
	for at, want := range wants[kind] {
		for _, got := range find(properties, strings.Split(at, ".")) {
			if got != want {
				faults = append(faults, fmt.Errorf("%s: %s is %q, want %q", name, at, got, want))
			}
		}
	}
	switch kind {
	case "AWS::Serverless::Api":
		faults = append(faults, checkAccessLog(name, find(properties, []string{"AccessLogSetting", "Format"})[0]))
	case "AWS::WAFv2::WebACL":
		for _, statement := range find(properties, []string{"Rules", "*", "Statement"}) {
			if !strings.HasPrefix(statement, "map[RateBasedStatement:") {
				faults = append(faults, fmt.Errorf("%s: a rule that looks into requests: %s", name, statement))
			}
		}
	}
	return errors.Join(faults...)
}

// find tells what stands at a path, once for each element where the path has a
// star; what is not there is empty.
func find(at any, path []string) []string {
	if len(path) == 0 {
		if at == nil {
			return []string{""}
		}
		return []string{fmt.Sprint(at)}
	}
	step, rest := path[0], path[1:]
	if step == "*" {
		list, _ := at.([]any)
		var all []string
		for _, element := range list {
			all = append(all, find(element, rest)...)
		}
		if len(all) == 0 {
			return []string{""}
		}
		return all
	}
	fields, _ := at.(map[string]any)
	return find(fields[step], rest)
}

var contextVariable = regexp.MustCompile(`\$context\.[A-Za-z.]+`)

// loggable is what the access log may hold. The path, the query and the headers
// may hold a token or a name; the address is somebody's.
var loggable = []string{
	"$context.requestId", "$context.requestTime", "$context.httpMethod", "$context.resourcePath", "$context.status",
	"$context.error.responseType", "$context.wafResponseCode", "$context.responseLength", "$context.responseLatency",
	"$context.integration.latency",
}

func checkAccessLog(name, format string) error {
	var faults []error
	written := contextVariable.FindAllString(format, -1)
	for _, variable := range written {
		if !slices.Contains(loggable, variable) {
			faults = append(faults, fmt.Errorf("%s: the access log holds %s", name, variable))
		}
	}
	if len(written) == 0 || strings.Count(format, "$") != len(written) {
		faults = append(faults, fmt.Errorf("%s: the access log holds something that is no $context variable", name))
	}
	return errors.Join(faults...)
}
