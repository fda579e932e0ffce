package emergency

// Page says how to stand the guard down, and up again.
const Page = "https://github.com/aws-auth-guard/aws-auth-guard/blob/main/docs/emergency.md"

// StandDown is the command that takes the guard out of the way: both webhook configurations and the binding of the
// companion policy. It goes by the label that every install has, because a release may give them other names.
const StandDown = "kubectl delete mutatingwebhookconfigurations,validatingwebhookconfigurations,validatingadmissionpolicybindings " +
	"-l app.kubernetes.io/part-of=aws-auth-guard"
