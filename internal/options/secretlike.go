package options

import (
	"fmt"
	"regexp"

	"github.com/rustfile/rustfile/internal/cargo"
)

// secretName matches names that hold secrets, and publicName those among them
// that do not. They are the words of BuildKit's rule SecretsUsedInArgOrEnv.
// https://docs.docker.com/reference/build-checks/secrets-used-in-arg-or-env/
var (
	secretName = regexp.MustCompile(`(?i)(?:^|[_-])(?:apikey|auth|credentials?|password|pword|passwd|secret|token|key)(?:$|[_-])`)
	publicName = regexp.MustCompile(`(?i)(?:^|[_-])public(?:$|[_-])`)
)

// secretText matches texts that are secrets whatever their name is: the tokens
// of services, private keys, and passwords in URLs.
var secretText = regexp.MustCompile(`\b(?:ghp|gho|ghu|ghs|ghr)_[A-Za-z0-9]{36}|\bgithub_pat_[A-Za-z0-9_]{22}|\bglpat-[A-Za-z0-9_-]{20}|` +
	`\bAKIA[0-9A-Z]{16}\b|\bxox[abprs]-[A-Za-z0-9-]{10}|\bcio[A-Za-z0-9]{32}\b|-----BEGIN [A-Z ]*PRIVATE KEY-----|://[^/\s:@]+:[^/\s:@]+@`)

// secretFix says what to use instead.
const secretFix = "build arguments and environments are kept in the image, the cache and the build's history; " +
	"give it with --secret and name it in [[secrets]]"

// secretFault is the fault of a variable that holds a secret in the open. The
// text is not shown. A name alone is a fault only of a build argument: a file
// can be read and judged by its author.
func secretFault(v value, e entry) (fault, fix string) {
	if secretText.MatchString(e.text) || v.argument && e.text != "" && looksSecret(e.name) {
		return fmt.Sprintf("`%s` looks like a secret", clip(e.name)), secretFix
	}
	return "", ""
}

func looksSecret(name string) bool {
	return secretName.MatchString(name) && !publicName.MatchString(name)
}

// secretArgument is the error for a build argument that looks like a secret.
func secretArgument(name string) error {
	return &cargo.Error{Message: fmt.Sprintf("build argument `%s` looks like a secret", clip(name)), Fix: secretFix}
}
