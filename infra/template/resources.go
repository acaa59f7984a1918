package template

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// wants are properties that have to be so, by the kind of resource: a path into
// the properties, and the value as text. A star is every element of a list.
var wants = map[string]map[string]string{
	"AWS::Serverless::Api": {
		"DisableExecuteApiEndpoint":                "true",
		"TracingEnabled":                           "false",
		"Auth.AddDefaultAuthorizerToCorsPreflight": "false",
		"MethodSettings.*.LoggingLevel":            "OFF",
		"MethodSettings.*.DataTraceEnabled":        "false",
		"MethodSettings.*.HttpMethod":              "*",
		"MethodSettings.*.ResourcePath":            "/*",
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
		"UsernameAttributes":                                    "",
		"AutoVerifiedAttributes":                                "",
		"Schema":                                                "",
	},
	"AWS::Cognito::UserPoolClient": {
		"GenerateSecret":             "true",
		"ExplicitAuthFlows":          "[ALLOW_ADMIN_USER_PASSWORD_AUTH]",
		"PreventUserExistenceErrors": "ENABLED",
		"WriteAttributes":            "[updated_at]",
	},
	"AWS::SES::ConfigurationSet": {
		"TrackingOptions": "",
		"VdmOptions.DashboardOptions.EngagementMetrics": "DISABLED",
		"DeliveryOptions.TlsPolicy":                     "REQUIRE",
	},
	"AWS::WAFv2::WebACL": {
		"VisibilityConfig.SampledRequestsEnabled":         "false",
		"Rules.*.VisibilityConfig.SampledRequestsEnabled": "false",
	},
	"AWS::WAFv2::LoggingConfiguration": {
		"RedactedFields": "[map[UriPath:map[]] map[QueryString:map[]] map[SingleHeader:map[Name:cookie]] " +
			"map[SingleHeader:map[Name:authorization]] map[SingleHeader:map[Name:x-api-key]] map[SingleHeader:map[Name:referer]]]",
	},
	"AWS::Lambda::EventSourceMapping": {
		"BisectBatchOnFunctionError":              "true",
		"DestinationConfig.OnFailure.Destination": "FeedFailures.Arn",
	},
	"AWS::Logs::LogGroup": {
		"KmsKeyId":        "Key.Arn",
		"RetentionInDays": "LogDays",
	},
	"AWS::KMS::Key": {"EnableKeyRotation": "true"},
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
