package validate

import "slices"

// Rules returns all rules in their fixed order: syntax before shape, shape before meaning. A rule that comes
// earlier is nearer the cause and may silence later ones.
func Rules() []*Rule { return slices.Clone(registry) }

// Lookup finds a rule by its name, or returns nil.
func Lookup(name string) *Rule {
	for _, r := range registry {
		if r.Name == name {
			return r
		}
	}
	return nil
}

// registry is never changed.
var registry = []*Rule{
	unquotedTemplate(),
	yamlSyntax(),
	extraDocument(),
	notAList(),
	entryNotAMapping(),
	unknownField(),
	wrongType(),
	arnMissing(),
	ssoField(),
	duplicateField(),
	mergedListItems(),
	unknownDataKey(),
	placeholder(),
	arnKind(),
	arnSyntax(),
	rolePath(),
	ssoRolePath(),
	arnPartition(),
	arnAccount(),
	arnSection(),
	iamSSOSuffix(),
	iamPath(),
	iamRoleMissing(),
	iamRecreated(),
	iamUnused(),
	iamTrust(),
	duplicateARN(),
	conflictingARN(),
	mapAccounts(),
	accountID(),
	usernameMissing(),
	usernameFormat(),
	usernameReserved(),
	templateUnknown(),
	templateMismatch(),
	templateUnsafe(),
	templateInGroup(),
	usernameUppercase(),
	usernameShared(),
	systemMasters(),
	groupName(),
	nodeEntry(),
	groupUnbound(),
	staleEntry(),
	shadowedMapping(),
	nodeClassUnmapped(),
	nodeRoleUnused(),
	mapUnread(),
	mapImmutable(),
	mapDeleted(),
	nodeAccessLost(),
	selfLockout(),
	protectedEntry(),
	writerScope(),
	adminAccessLost(),
	privilegeEscalation(),
	mapSize(),
	adminBinding(),
	adminAccessPolicy(),
	mapEditor(),
	guardRemover(),
	guardMissing(),
	guardBypassed(),
	manifestSyntax(),
	manifestShape(),
	wantedEntry(),
	ignoreComment(),
}
