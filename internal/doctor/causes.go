package doctor

// Known is a cause that is known to end in "Unauthorized", or in what looks like it.
type Known struct {
	// Number is its row in docs/unauthorized.md.
	Number int
	// Name is that of the Cause by which the doctor tells.
	Name string
	// Title says what it is, for people.
	Title string
}

// Causes are all that are known, in the order of the way: what is seen offline comes before what takes a question.
func Causes() []Known {
	return []Known{
		{1, "context", "context wrong or absent"},
		{2, "several-files", "one name in several files of KUBECONFIG"},
		{3, "shared-user", "a second `update-kubeconfig` overwrote the user"},
		{4, "token-beside-exec", "a token or a client certificate beside `exec`"},
		{5, "no-credentials-in-user", "no credentials in the user"},
		{6, "exec-v1alpha1", "the removed exec API `v1alpha1`"},
		{7, "exec-version", "the plugin answers in another version"},
		{8, "interactive-mode", "`v1` without `interactiveMode`"},
		{9, "plugin-missing", "the plugin is not found"},
		{10, "output-format", "the AWS CLI prints text or a table"},
		{11, "plugin-usage", "the plugin fails, or does not take its arguments"},
		{12, "plugin-policy", "kubectl's own policy forbids the plugin"},
		{13, "profile", "another profile than the shell's"},
		{14, "keys-beat-profile", "keys in the shell beat `AWS_PROFILE`"},
		{15, "default-profile", "`AWS_DEFAULT_PROFILE` beats `AWS_PROFILE` in AWS CLI 1"},
		{16, "web-identity", "IRSA's variables beat Pod Identity and a profile's keys"},
		{17, "no-profile", "no such profile, or no credentials"},
		{18, "sso-session", "the SSO session is over"},
		{19, "session-expired", "the session's credentials have expired"},
		{20, "credentials-die-first", "the credentials end before the token"},
		{21, "role", "the role is wrong, or may not be taken on"},
		{22, "role-itself", "the role takes on itself"},
		{23, "not-mapped", "a chain of roles, and another role of the chain is mapped"},
		{24, "session-name", "`--role-arn`: one session name for everybody"},
		{25, "mfa", "MFA without a terminal"},
		{26, "other-account", "another account"},
		{27, "root-user", "the root user, or a federated one"},
		{28, "cloud9", "Cloud9's managed credentials"},
		{29, "key", "the key is deleted or inactive, or its secret is wrong"},
		{30, "cluster-name", "wrong cluster name"},
		{31, "region", "wrong region"},
		{32, "partition", "wrong partition"},
		{33, "global-sts", "the global STS endpoint"},
		{34, "endpoint-url", "`AWS_ENDPOINT_URL`, or the name of a VPC endpoint"},
		{35, "clock", "the clock is wrong"},
		{36, "token-old", "a saved token, older than 15 minutes"},
		{37, "token-large", "the token is larger than 4,096 bytes"},
		{38, "token-damaged", "the token is damaged, or not from AWS"},
		{39, "sts-throttled", "STS throttles"},
		{40, "plugin-proxy", "the plugin's proxy"},
		{41, "proxy", "kubectl's proxy"},
		{42, "unreachable", "private endpoint, or your address is not let in"},
		{43, "cluster-gone", "the cluster was deleted and created again under the same name"},
		{44, "certificate", "the certificate authority differs"},
		{45, "not-mapped", "not mapped"},
		{46, "nearly-mapped", "the role's ARN with its path, or an old SSO suffix"},
		{47, "map-broken", "a typo, or the map does not parse"},
		{48, "template", "the username's template fails"},
		{49, "creator", "not the creator after all"},
		{50, "creator", "the creator is deleted"},
		{51, "creator", "the creator got no admin right"},
		{52, "mode", "the mode: the list is not read"},
		{53, "entry-without-rights", "an access entry without policy and groups"},
		{54, "entry-stale", "the access entry's role was made again"},
		{55, "entry-hides-map", "the access entry hides the map"},
		{56, "entry-new", "the access entry was just made"},
		{57, "nothing-bound", "mapped, and nothing is bound"},
		{58, "username-empty", "the empty username"},
		{59, "in-cluster", "a pod's own kubeconfig"},
		{60, "irsa-token", "IRSA's token sent to the API server"},
		{61, "pod-token-old", "a pod's token older than 90 days"},
		{62, "node-not-mapped", "the node's role is not mapped"},
		{63, "reason-in-the-log", "the authenticator's log is off"},
	}
}
