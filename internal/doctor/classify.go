package doctor

import (
	"regexp"

	"github.com/aws-auth-guard/aws-auth-guard/pkg/text"
)

// class is a cause that a program's or a service's words stand for.
type class struct {
	name, what string
	do         []string
}

// classify finds the cause in what the AWS CLI, the SDK or STS says.
func (e *Examination) classify(said string) class {
	profile := ""
	if p := e.profile(); p != "" {
		profile = " --profile " + text.Name(p)
	}
	cloud9 := e.Environment("C9_USER") != "" || e.Environment("C9_PROJECT") != ""
	for _, c := range []struct {
		pattern string
		when    bool
		class
	}{
		{`(?i)profile \(?.*\)? ?could not be found|failed to get shared config profile`, true,
			class{"no-profile", "the profile that the kubeconfig or AWS_PROFILE names is not in your AWS configuration", []string{"aws configure list-profiles", "then: " + e.update("--profile NAME")}}},
		{`(?i)error loading sso token|sso access token has either expired|token has expired and refresh failed|sso session .*expired|refresh cached SSO token|invalid_grant|InvalidGrant`, true,
			class{"sso-session", "the session with IAM Identity Center is over", []string{"aws sso login" + profile}}},
		{`(?i)unable to locate credentials|no AWS credentials are found|NoCredentialProviders|no EC2 IMDS role found`, true,
			class{"no-credentials", "AWS finds no credentials on this machine", []string{"sign in to AWS: aws sso login" + profile + ", or aws configure" + profile}}},
		{`(?i)Signature expired|Signature not yet current|RequestExpired|RequestTimeTooSkewed`, true,
			class{"clock", "this machine's clock is wrong by more than AWS takes", []string{"set it by NTP: timedatectl set-ntp true"}}},
		{`Throttling|Rate exceeded|TooManyRequests`, true, class{"sts-throttled", "STS gets too many requests", []string{"make fewer tokens: a token serves for 14 minutes"}}},
		{`ExpiredToken`, true, class{"session-expired", "the session's credentials have expired", []string{"sign in to AWS again, or fetch new session credentials"}}},
		{`InvalidClientTokenId|UnrecognizedClient`, cloud9,
			class{"cloud9", "Cloud9's managed credentials can't do this", []string{"turn them off (Preferences, AWS settings, Credentials), and give the environment's instance a role"}}},
		{`InvalidClientTokenId|UnrecognizedClient`, true, class{"key", "AWS does not know this access key: it is deleted, inactive or of another partition", []string{"make a new one, and put it in: aws configure" + profile}}},
		{`SignatureDoesNotMatch`, true, class{"key", "the secret does not belong to this access key", []string{"enter both again: aws configure" + profile}}},
		{`(?s)AccessDenied.*AssumeRole`, e.isOwnRole(), class{"role-itself", "you are a session of the kubeconfig's role already, and it may not take on itself", []string{e.update("--role-arn ")}}},
		{`(?s)AccessDenied.*AssumeRole`, true,
			class{"role", "you may not take on the kubeconfig's role: its trust policy has to name you, and your own policy has to allow sts:AssumeRole", []string{"have both allowed, or take another role: " + e.update("--role-arn ARN")}}},
		{`(?i)parameter RoleArn|is invalid.*AssumeRole|ValidationError.*AssumeRole`, true, class{"role", "the kubeconfig's role is no ARN of a role", []string{e.update("--role-arn ARN")}}},
		{`(?i)MultiFactor|\bMFA\b|EOF when reading`, true,
			class{"mfa", "the profile asks for an MFA code, and kubectl's plugin has nobody to ask", []string{"aws sts get-session-token --serial-number ARN --token-code CODE, and put what it prints into the environment"}}},
		{`(?i)ambiguous option|unknown options|expected one argument|invalid choice|unknown flag|required: `, true, class{"plugin-usage", "the plugin does not take its arguments", []string{e.update()}}},
		{`(?i)could not connect to the endpoint|connect timeout|failed to connect to proxy|proxyconnect|connection was closed|dial tcp`, true,
			class{"plugin-proxy", "AWS is not reached from here", []string{"check HTTPS_PROXY and NO_PROXY; a proxy for the plugin alone stands under env of the kubeconfig's user"}}},
	} {
		if c.when && regexp.MustCompile(c.pattern).MatchString(said) {
			return c.class
		}
	}
	return class{"plugin-fails", "the plugin fails", []string{"run it by hand, as `kubectl config view --minify` shows it"}}
}
