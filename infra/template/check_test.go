package template_test

import (
	"os"
	"strings"
	"testing"

	"github.com/sparekey/sparekey"
	"github.com/sparekey/sparekey/infra/template"
)

var repository = os.DirFS("../..")

func TestTheTemplateIsAsThisProjectWantsIt(t *testing.T) {
	if err := template.Check(sparekey.Template, repository); err != nil {
		t.Error(err)
	}
}

// TestEveryMistakeIsFound plants one mistake at a time: a check that never failed
// is no check.
func TestEveryMistakeIsFound(t *testing.T) {
	const anyGet = "Action: [dynamodb:GetItem]"
	for name, c := range map[string]struct{ old, mistake, says string }{
		"a variable beside another":        {`"/{district}/home"`, `"/{school}/home"`, "beside"},
		"a greedy variable at the root":    {`"/help/{code}"`, `"/{proxy+}"`, "beside"},
		"another variable below":           {`"/{district}/not-me/{token}"`, `"/{district}/{page}"`, "beside"},
		"a route that is served twice":     {`"/{district}/home"`, `"/{district}/code"`, "serve it"},
		"a method":                         {`Path: "/{district}/home", Method: ANY`, `Path: "/{district}/home", Method: GET`, "want ANY"},
		"one minutes":                      {"rate(1 minute)", "rate(1 minutes)", "one minute"},
		"five minute":                      {"rate(1 minute)", "rate(5 minute)", "two minutes"},
		"a rate of nothing":                {"rate(1 minute)", "rate(0 minutes)", "no rate"},
		"a cron":                           {"rate(1 minute)", "cron(0 6)", "no rate"},
		"an event nobody reads":            {"Type: Schedule,", "Type: SNS,", "type SNS"},
		"no program":                       {"functions/signin/bootstrap/", "functions/sign/bootstrap/", "CodeUri"},
		"the whole repository":             {"CodeUri: functions/signin/bootstrap/", "CodeUri: .", "CodeUri"},
		"two functions with one program":   {"functions/signin/bootstrap/", "functions/pages/bootstrap/", "is that of"},
		"a package that is no program":     {"functions/signin/bootstrap/", "functions/signin/", "CodeUri"},
		"two functions with one log":       {"LogGroup: !Ref SignInLog", "LogGroup: !Ref PagesLog", "log group"},
		"no log group":                     {"      LoggingConfig: {LogGroup: !Ref SignInLog}\n", "", "log group"},
		"everything of the table":          {anyGet, `Action: ["dynamodb:*"]`, "no function's"},
		"a scan":                           {anyGet, "Action: [dynamodb:GetItem, dynamodb:Scan]", "Scan"},
		"statements of text":               {anyGet, "Action: [dynamodb:PartiQLSelect]", "PartiQL"},
		"keys of all kinds":                {`["DISTRICT#*"]`, `["*"]`, "not one kind"},
		"no keys":                          {`              Condition: {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["DISTRICT#*"]}}` + "\n", "", "LeadingKeys"},
		"the audit deleted":                {`dynamodb:LeadingKeys": ["ACCOUNT#*"]`, `dynamodb:LeadingKeys": ["ACCOUNT#*", "AUDIT#*"]`, "only grows"},
		"the audit rewritten":              {`dynamodb:LeadingKeys": ["COUNT#*"]`, `dynamodb:LeadingKeys": ["COUNT#*", "AUDIT#*"]`, "only grows"},
		"every pool":                       {"Resource: !GetAtt Pool.Arn", `Resource: "*"`, "everything"},
		"users listed":                     {"cognito-idp:AdminCreateUser", "cognito-idp:ListUsers", "ListUsers"},
		"a path in the access log":         {"$context.resourcePath", "$context.path", "$context.path"},
		"an address in the access log":     {`"$context.status"`, `"$context.identity.sourceIp"`, "sourceIp"},
		"a header in the access log":       {`"$context.status"`, `"$input.params(Cookie)"`, "no $context"},
		"data trace":                       {"DataTraceEnabled: false", "DataTraceEnabled: true", "DataTrace"},
		"execution logs":                   {`LoggingLevel: "OFF"`, "LoggingLevel: INFO", "LoggingLevel"},
		"traces":                           {"TracingEnabled: false", "TracingEnabled: true", "Tracing"},
		"a second origin":                  {"DisableExecuteApiEndpoint: true", "DisableExecuteApiEndpoint: false", "ExecuteApi"},
		"WAF samples":                      {"SampledRequestsEnabled: false", "SampledRequestsEnabled: true", "Sampled"},
		"WAF paths":                        {"        - UriPath: {}\n", "", "RedactedFields"},
		"a WAF rule of Amazon's":           {"RateBasedStatement: {", "ManagedRuleGroupStatement: {", "looks into"},
		"images in the stream":             {"StreamViewType: KEYS_ONLY", "StreamViewType: NEW_IMAGE", "StreamViewType"},
		"bodies in an index":               {"ProjectionType: KEYS_ONLY", "ProjectionType: ALL", "Projection"},
		"Amazon's own key":                 {", KMSMasterKeyId: !GetAtt Key.Arn", "", "KMSMasterKeyId"},
		"users who sign up":                {"AllowAdminCreateUserOnly: true", "AllowAdminCreateUserOnly: false", "AdminCreateUser"},
		"users who recover past us":        {"Name: admin_only", "Name: verified_email", "Recovery"},
		"a public way to sign in":          {"[ALLOW_ADMIN_USER_PASSWORD_AUTH]", "[ALLOW_USER_PASSWORD_AUTH]", "ExplicitAuthFlows"},
		"attributes that anybody writes":   {"WriteAttributes: [updated_at]", "WriteAttributes: []", "WriteAttributes"},
		"a log for ever":                   {"RetentionInDays: !Ref LogDays, ", "", "RetentionInDays"},
		"a refusal with another status":    {"        THROTTLED: # all families together; waiting helps\n          StatusCode: 429", "        THROTTLED:\n          StatusCode: 503", "THROTTLED"},
		"a refusal nobody explains":        {"/help/too-large", "/help/too-big", "no problem of ours"},
		"a refusal without a wait":         {`, Retry-After: "'5'"`, "", "Retry-After"},
		"a refusal in API Gateway's words": {"        WAF_FILTERED:", "        EXPIRED_TOKEN:", "WAF_FILTERED"},
		// IAM.
		"a policy of SAM's":                 {"        - Version: \"2012-10-17\"\n          Statement:\n            - Effect: Allow\n              Action: [dynamodb:GetItem]", "        - DynamoDBCrudPolicy: {TableName: !Ref Table}\n        - Version: \"2012-10-17\"\n          Statement:\n            - Effect: Allow\n              Action: [dynamodb:GetItem]", "no list of statements"},
		"a statement that refuses":          {"            - Effect: Allow\n              Action: [dynamodb:GetItem]", "            - Effect: Deny\n              Action: [dynamodb:GetItem]", "allows nothing"},
		"whatever is not named":             {"              Action: [dynamodb:PutItem]", "              NotAction: [dynamodb:PutItem]", "allows nothing"},
		"keys of some of the items":         {`{"ForAllValues:StringLike"`, `{"ForAnyValue:StringLike"`, "LeadingKeys"},
		"part of a kind":                    {`["DISTRICT#*"]`, `["DIST*"]`, "not one kind"},
		"a role that others have":           {"      CodeUri: functions/signin/bootstrap/", "      Role: !GetAtt LogRole.Arn\n      CodeUri: functions/signin/bootstrap/", "Role"},
		"mail from anybody":                 {`              Condition: {StringLike: {"ses:FromAddress": !Ref MailFrom}}` + "\n", "", "any address"},
		"mail by another configuration set": {"configuration-set/${Mail}", "configuration-set/*", "configuration set"},
		"a user looked up":                  {"cognito-idp:AdminCreateUser", "cognito-idp:AdminGetUser", "AdminGetUser"},
		// The edge.
		"a query in the access log":           {"$context.resourcePath", "$context.path?$context.requestOverride.querystring.x", "$context.path"},
		"an agent in the access log":          {`"$context.status"`, `"$context.identity.userAgent"`, "userAgent"},
		"an authorizer's word in it":          {`"$context.status"`, `"$context.authorizer.principalId"`, "authorizer"},
		"an access log elsewhere":             {"DestinationArn: !GetAtt AccessLog.Arn", "DestinationArn: !GetAtt PagesLog.Arn", "DestinationArn"},
		"cross-origin requests":               {"      DisableExecuteApiEndpoint", "      Cors: {AllowOrigin: \"'*'\"}\n      DisableExecuteApiEndpoint", "Cors"},
		"with credentials":                    {"      DisableExecuteApiEndpoint", "      Cors: {AllowOrigin: \"'https://portal.example.org'\", AllowCredentials: true}\n      DisableExecuteApiEndpoint", "Cors"},
		"answers that are compressed":         {"      DisableExecuteApiEndpoint", "      MinimumCompressionSize: 0\n      DisableExecuteApiEndpoint", "Compression"},
		"answers that are kept":               {"      DisableExecuteApiEndpoint", "      CacheClusterEnabled: true\n      DisableExecuteApiEndpoint", "Cache"},
		"a preflight that wants to be signed": {"AddDefaultAuthorizerToCorsPreflight: false", "AddDefaultAuthorizerToCorsPreflight: true", "Preflight"},
		"old TLS":                             {"SecurityPolicy: TLS_1_2", "SecurityPolicy: TLS_1_0", "TLS"},
		"a function with an address":          {"      CodeUri: functions/signin/bootstrap/", "      FunctionUrlConfig: {AuthType: NONE}\n      CodeUri: functions/signin/bootstrap/", "FunctionUrl"},
		"a function's own traces":             {"    MemorySize: 512", "    MemorySize: 512\n    Tracing: Active", "Tracing"},
		"samples of one rule":                 {"          VisibilityConfig: {SampledRequestsEnabled: false", "          VisibilityConfig: {SampledRequestsEnabled: true", "Sampled"},
		"WAF headers":                         {"        - SingleHeader: {Name: cookie}\n", "", "RedactedFields"},
		"a WAF rule about words":              {"Statement: {RateBasedStatement: {Limit: !Ref MostPerNetwork, AggregateKeyType: IP, EvaluationWindowSec: 300}}", "Statement: {ByteMatchStatement: {FieldToMatch: {Body: {}}}}", "looks into"},
		"no firewall before the API":          {"    Type: AWS::WAFv2::WebACLAssociation", "    Type: AWS::WAFv2::IPSet", "WebACLAssociation"},
		"a firewall before something else":    {"stages/${Api.Stage}", "stages/other", "ResourceArn"},
		// What is stored.
		"a table that can be deleted": {"DeletionProtectionEnabled: true", "DeletionProtectionEnabled: false", "DeletionProtection"},
		"no way back in time":         {"PointInTimeRecoveryEnabled: true", "PointInTimeRecoveryEnabled: false", "PointInTime"},
		"no broom":                    {"TimeToLiveSpecification: {AttributeName: expires, Enabled: true}", "TimeToLiveSpecification: {AttributeName: expires, Enabled: false}", "TimeToLive"},
		"a log in the clear":          {", KmsKeyId: !GetAtt Key.Arn}", "}", "KmsKeyId"},
		"settings in the clear":       {"    KmsKeyArn: !GetAtt Key.Arn\n", "", "KmsKeyArn"},
		"an old key":                  {"EnableKeyRotation: true", "EnableKeyRotation: false", "Rotation"},
		"a queue in the clear":        {"SqsManagedSseEnabled: true", "SqsManagedSseEnabled: false", "SqsManagedSse"},
		"a secret as a parameter":     {"  SendRate:\n    Type: Number", "  Pepper:\n    Type: String\n    NoEcho: true\n  SendRate:\n    Type: Number", "secret"},
		"logs that no filter reads":   {"{LogFormat: JSON, ", "{LogFormat: Text, ", "LogFormat"},
		// Cognito.
		"users who go by an address": {"      MfaConfiguration:", "      UsernameAttributes: [email]\n      MfaConfiguration:", "UsernameAttributes"},
		"users with an alias":        {"      MfaConfiguration:", "      AliasAttributes: [email]\n      MfaConfiguration:", "AliasAttributes"},
		"two ids for one account":    {"CaseSensitive: true", "CaseSensitive: false", "CaseSensitive"},
		"a client without a secret":  {"GenerateSecret: true", "GenerateSecret: false", "GenerateSecret"},
		"a second client":            {"  # No destination asks for opens", "  OtherClient:\n    Type: AWS::Cognito::UserPoolClient\n    Properties: {UserPoolId: !Ref Pool}\n\n  # No destination asks for opens", "UserPoolClient"},
		"a way in besides":           {"[ALLOW_ADMIN_USER_PASSWORD_AUTH]", "[ALLOW_ADMIN_USER_PASSWORD_AUTH, ALLOW_REFRESH_TOKEN_AUTH]", "ExplicitAuthFlows"},
		"tokens for a browser":       {"      GenerateSecret: true", "      AllowedOAuthFlows: [code]\n      GenerateSecret: true", "OAuth"},
		"an address in the pool":     {"      MfaConfiguration:", "      Schema: [{Name: email, Mutable: true}]\n      MfaConfiguration:", "Schema"},
		"pages of Cognito's":         {"  # No destination asks for opens", "  PoolDomain:\n    Type: AWS::Cognito::UserPoolDomain\n    Properties: {UserPoolId: !Ref Pool, Domain: x}\n\n  # No destination asks for opens", "no place"},
		// Deployment.
		"no concurrency reserved":             {"      ReservedConcurrentExecutions: 1\n", "", "could starve"},
		"steps that CodeDeploy does not know": {"Canary10Percent30Minutes", "Canary5Percent10Minutes", "knows no"},
		"production all at once":              {"[Production, Canary10Percent30Minutes, AllAtOnce]", "[Production, AllAtOnce, AllAtOnce]", "step by step"},
		"a deployment past the alarms":        {"{Alarms: !If [Guarded, [!Ref SignInErrors, !Ref InternalErrors, !Ref NotStarting]", "{Alarms: !If [Guarded, [!Ref InternalErrors, !Ref NotStarting]", "goes on"},
		"a deployment without alarms":         {"      DeploymentPreference: {Alarms: !If [Guarded, [!Ref SignInErrors, !Ref InternalErrors, !Ref NotStarting], [!Ref AWS::NoValue]]}\n", "", "Guarded"},
		"a deployment that can never begin":   {"!Ref CourierErrors, !Ref InternalErrors", "!Ref CourierErrors, !Ref CourierMissed, !Ref InternalErrors", "could begin"},
		"a value that reaches nothing":        {"      AutoPublishCodeSha256: !Ref Release\n", "", "AutoPublishCodeSha256"},
		"a feed past the alias":               {"!Ref CourierFunction.Alias", "!Ref CourierFunction", "CourierFunction.Alias"},
		// What wakes somebody.
		"an alarm that tells nobody":          {"      AlarmActions: [!Ref Operators]\n", "", "nobody is told"},
		"an alarm that never ends":            {"      OKActions: [!Ref Operators]\n", "", "nobody is told"},
		"an alarm without a page":             {"; docs/runbooks/mail-late.md", "", "no page"},
		"a page that is not there":            {"docs/runbooks/mail-late.md", "docs/runbooks/mail-tardy.md", "mail-tardy.md: an alarm leads to it"},
		"a page that nothing leads to":        {"docs/runbooks/mail-given-up.md", "docs/runbooks/mail-failing.md", "mail-given-up.md: no alarm"},
		"a budget without a page":             {", docs/runbooks/budget.md", "", "no page"},
		"a budget that tells nobody":          {"Subscribers: [{SubscriptionType: SNS, Address: !Ref Operators}]", "Subscribers: []", "Subscribers"},
		"a function that may fail unseen":     {"MetricName: Errors\n      Dimensions: [{Name: FunctionName, Value: !Ref SignInFunction}]", "MetricName: Invocations\n      Dimensions: [{Name: FunctionName, Value: !Ref SignInFunction}]", "no alarm on its Errors"},
		"slow only past the timeout":          {"Threshold: 10000", "Threshold: 25000", "tells nothing"},
		"an alarm on no function":             {"{Name: FunctionName, Value: !Ref PagesFunction}", "{Name: FunctionName, Value: !Ref PageFunction}", "no function"},
		"an alarm on what nobody counts":      {"MetricName: CourierLate\n", "MetricName: CourierTardy\n", "no filter makes"},
		"a filter that nobody looks at":       {"MetricName: GivenUp, MetricValue", "MetricName: Given, MetricValue", "no alarm looks"},
		"a filter of no function":             {"      LogGroupName: !Ref CourierLog", "      LogGroupName: !Ref AccessLog", "no function's log"},
		"a pattern that nobody understands":   {`($.message = "request") && ($.status = 202)`, `($.message = "request") and ($.status = 202)`, "no comparison"},
		"a value that its pattern leaves out": {` && ($.oldest_seconds = *)`, "", "does not name"},
		"silence about silence":               {"      TreatMissingData: breaching\n", "", "missing ones"},
		"operators told in the clear":         {"      KmsMasterKeyId: !GetAtt Key.Arn\n", "", "KmsMasterKeyId"},
		"a dashboard that is not JSON":        {`{"widgets": [`, `{"widgets": `, "not JSON"},
		"a dashboard of no function":          {`"${SignInFunction}"`, `"${SigninFunction}"`, "no function"},
		"a dashboard of what nobody counts":   {`"Sparekey/${AWS::StackName}", "Guesses"`, `"Sparekey/${AWS::StackName}", "Guessed"`, "no filter makes"},
		// What is meant word for word: the edge.
		"a firewall that only counts":    {"Action: {Block: {}}", "Action: {Count: {}}", "Firewall.Properties.Rules"},
		"a firewall for some":            {"EvaluationWindowSec: 300}}", "EvaluationWindowSec: 300, ScopeDownStatement: {ByteMatchStatement: {FieldToMatch: {Body: {}}, PositionalConstraint: CONTAINS, SearchString: x, TextTransformations: [{Priority: 0, Type: NONE}]}}}}", "Firewall.Properties.Rules"},
		"a firewall that lets nobody in": {"DefaultAction: {Allow: {}}", "DefaultAction: {Block: {}}", "DefaultAction"},
		"whoever passed, logged":         {"DefaultBehavior: DROP", "DefaultBehavior: KEEP", "FirewallLogging"},
		"no rate for all together":       {"          ThrottlingRateLimit: !Ref MostRequests\n", "", "MethodSettings"},
		"no burst for all together":      {"          ThrottlingBurstLimit: !Ref MostRequests\n", "", "MethodSettings"},
		"metrics of each method":         {"MetricsEnabled: false", "MetricsEnabled: true", "MethodSettings"},
		"a page that wants a key":        {`Path: "/", Method: ANY,`, `Path: "/", Method: ANY, Auth: {ApiKeyRequired: true},`, "Auth has no place"},
		"an API that wants a key":        {"      Auth: {", "      Auth: {ApiKeyRequired: true, ", "Properties.Auth"},
		"a domain of no stage":           {", Stage: !Ref Api.Stage}", "}", "DomainPath"},
		"a refusal over plain HTTP":      {", Strict-Transport-Security: \"'max-age=63072000; includeSubDomains'\"", "", "headers"},
		"a refusal that is sniffed":      {", X-Content-Type-Options: \"'nosniff'\"", "", "headers"},
		"a domain's other TLS":           {"      RegionalCertificateArn: !Ref CertificateArn\n", "", "Domain.Properties"},
		// Rights.
		"a topic for everybody":        {"            Principal: {Service: [cloudwatch.amazonaws.com, budgets.amazonaws.com]}\n            Action: sns", "            Principal: \"*\"\n            Action: sns", "OperatorsPolicy"},
		"a key for every service":      {`, "kms:ViaService": !Sub "dynamodb.${AWS::Region}.amazonaws.com"`, "", "KeyPolicy"},
		"a key for no log":             {"          - Sid: The logs of this account\n            Effect: Allow", "          - Sid: The logs of this account\n            Effect: Deny", "KeyPolicy"},
		"a key for no alarm":           {"Principal: {Service: [cloudwatch.amazonaws.com, budgets.amazonaws.com]}\n            Action: [kms", "Principal: {Service: [budgets.amazonaws.com]}\n            Action: [kms", "KeyPolicy"},
		"a role for everybody":         {"      CodeUri: functions/pages/bootstrap/", "      AssumeRolePolicyDocument: {Statement: [{Effect: Allow, Principal: {AWS: \"*\"}, Action: sts:AssumeRole}]}\n      CodeUri: functions/pages/bootstrap/", "AssumeRolePolicyDocument has no place"},
		"a policy beside the function": {"  # No destination asks for opens", "  More:\n    Type: AWS::IAM::Policy\n    Properties: {PolicyName: more, Roles: [!Ref PagesFunctionRole], PolicyDocument: {Statement: [{Effect: Allow, Action: dynamodb:DeleteItem, Resource: !GetAtt Table.Arn}]}}\n\n  # No destination asks for opens", "no place"},
		"a log that is sent on":        {"  # No destination asks for opens", "  Out:\n    Type: AWS::Logs::SubscriptionFilter\n    Properties: {LogGroupName: !Ref CourierLog, FilterPattern: \"\", DestinationArn: \"arn:aws:logs:us-east-1:000000000000:destination:x\"}\n\n  # No destination asks for opens", "no place"},
		"a secret for whoever looks":   {"Outputs:\n", "Outputs:\n  Secret: {Value: !GetAtt PoolClient.ClientSecret}\n", "Outputs"},
		"mail from whomever it says":   {"  MailFrom:\n    Type: CommaDelimitedList\n", "  MailFrom:\n    Type: CommaDelimitedList\n    Default: \"*\"\n", "MailFrom"},
		"a table that others may read": {"      BillingMode: ", "      ResourcePolicy: {PolicyDocument: {Statement: [{Effect: Allow, Principal: \"*\", Action: dynamodb:GetItem, Resource: \"*\"}]}}\n      BillingMode: ", "ResourcePolicy has no place"},
		"every API's default":          {"Globals:\n", "Globals:\n  Api: {Auth: {ApiKeyRequired: true}}\n", "Globals is"},
		"a role for another service":   {"apigateway.amazonaws.com", "ec2.amazonaws.com", "LogRole"},
		// What outlives the stack.
		"a table that goes with the stack": {"    Type: AWS::DynamoDB::Table\n    DeletionPolicy: Retain\n", "    Type: AWS::DynamoDB::Table\n", "Table: DeletionPolicy"},
		"a table that is replaced":         {"    Type: AWS::DynamoDB::Table\n    DeletionPolicy: Retain\n    UpdateReplacePolicy: Retain\n", "    Type: AWS::DynamoDB::Table\n    DeletionPolicy: Retain\n", "Table: DeletionPolicy"},
		"a pool that goes with the stack":  {"    Type: AWS::Cognito::UserPool\n    DeletionPolicy: Retain\n", "    Type: AWS::Cognito::UserPool\n", "Pool: DeletionPolicy"},
		"a pool that is replaced":          {"    Type: AWS::Cognito::UserPool\n    DeletionPolicy: Retain\n    UpdateReplacePolicy: Retain\n", "    Type: AWS::Cognito::UserPool\n    DeletionPolicy: Retain\n    UpdateReplacePolicy: Delete\n", "Pool: DeletionPolicy"},
		// When it rings.
		"an alarm that is switched off":     {"      AlarmDescription: Mail has been due", "      ActionsEnabled: false\n      AlarmDescription: Mail has been due", "ActionsEnabled has no place"},
		"an alarm the wrong way round":      {"Value: !Ref SignInFunction}]\n      Statistic: Sum\n      ComparisonOperator: GreaterThanOrEqualToThreshold", "Value: !Ref SignInFunction}]\n      Statistic: Sum\n      ComparisonOperator: LessThanThreshold", "SignInErrors: it rings"},
		"a hundred times as many bounces":   {"Threshold: 0.02", "Threshold: 20", "Bounces: it rings"},
		"slow for a day":                    {"ExtendedStatistic: p99\n      ComparisonOperator: GreaterThanOrEqualToThreshold\n      Threshold: 10000\n      Period: 60", "ExtendedStatistic: p99\n      ComparisonOperator: GreaterThanOrEqualToThreshold\n      Threshold: 10000\n      Period: 86400", "Slow: it rings"},
		"a deployment past the first fault": {"MetricName: Internal\n      Statistic: Sum\n      ComparisonOperator: GreaterThanOrEqualToThreshold\n      Threshold: 1\n      Period: 60\n      EvaluationPeriods: 5\n      DatapointsToAlarm: 1", "MetricName: Internal\n      Statistic: Sum\n      ComparisonOperator: GreaterThanOrEqualToThreshold\n      Threshold: 1\n      Period: 60\n      EvaluationPeriods: 5\n      DatapointsToAlarm: 2", "InternalErrors: it rings"},
		"an alarm on what it does not see":  {"IF(errors >= 2,", "IF(errors >= 200,", "ApiErrors: it rings"},
		"an index refused unseen":           {"{Name: GlobalSecondaryIndexName, Value: due}", "{Name: GlobalSecondaryIndexName, Value: by-index}", "TableThrottled: it rings"},
		"an alarm that is gone":             {"  TableFailing: #", "  TableFails: #", "TableFailing: there is no"},
		"a budget that is told when saved":  {"ComparisonOperator: GREATER_THAN, Threshold: 80", "ComparisonOperator: LESS_THAN, Threshold: 80", "Budget.Properties"},
		"a dashboard of another region":     {`"region": "${AWS::Region}"`, `"region": "eu-west-1"`, "region"},
		// How it runs.
		"a feed that is switched off":    {"      StartingPosition: TRIM_HORIZON", "      Enabled: false\n      StartingPosition: TRIM_HORIZON", "Feed.Properties"},
		"a feed from now on":             {"TRIM_HORIZON", "LATEST", "Feed.Properties"},
		"a courier that may not run":     {"ReservedConcurrentExecutions: 10 ", "ReservedConcurrentExecutions: 0 ", "CourierFunction.Properties.Reserved"},
		"a log of faults alone":          {"ApplicationLogLevel: INFO", "ApplicationLogLevel: ERROR", "Globals is"},
		"a minute that runs three times": {"EventInvokeConfig: {MaximumRetryAttempts: 0", "EventInvokeConfig: {MaximumRetryAttempts: 2", "EventInvokeConfig"},
		"an API before its log's role":   {"    DependsOn: LogAccount\n", "", "DependsOn"},
		"mail in the clear":              {"TlsPolicy: REQUIRE", "TlsPolicy: OPTIONAL", "Mail.Properties"},
		"links that SES rewrites":        {"MatchingEventTypes: [bounce, complaint]", "MatchingEventTypes: [bounce, complaint, click]", "MailTroubles"},
		// Which stage is which.
		"production by another name":       {"Production: !Equals [!Ref Stage, prod]", "Production: !Equals [!Ref Stage, production]", "Conditions"},
		"unguarded if nothing is said":     {"    Default: \"yes\"\n", "    Default: \"no\"\n", "Guarded"},
		"a deployment past our own errors": {"[!Ref SignInErrors, !Ref InternalErrors, !Ref NotStarting]", "[!Ref SignInErrors, !Ref NotStarting]", "goes on"},
		"a deployment that cannot start":   {"[!Ref PagesErrors, !Ref InternalErrors, !Ref NotStarting]", "[!Ref PagesErrors, !Ref InternalErrors]", "goes on"},
		"releases that SAM takes for one":  {`AllowedPattern: "[0-9]{10}"`, `AllowedPattern: "[0-9]{10,20}"`, "Release"},
	} {
		t.Run(name, func(t *testing.T) {
			text := string(sparekey.Template)
			if !strings.Contains(text, c.old) {
				t.Fatalf("cannot plant it: %q is not in the template", c.old)
			}
			err := template.Check([]byte(strings.Replace(text, c.old, c.mistake, 1)), repository)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want a word of %q", err, c.says)
			}
		})
	}
}
