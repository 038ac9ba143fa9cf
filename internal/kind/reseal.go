package kind

import (
	"regexp"

	"github.com/takodeploy/tako/internal/secret"
)

// sealedForm finds sealed values in stored texts, whatever they stand in.
var sealedForm = regexp.MustCompile(regexp.QuoteMeta(secret.SealedMark) + `[0-9a-f]+\.[A-Za-z0-9_-]+`)

// Reseal moves every sealed value in a stored text to the key, which knows the
// earlier keys. done is how many it moved; bad ones, which no key opens, stay.
func Reseal(key *secret.Key, text string) (result string, done, bad int) {
	result = sealedForm.ReplaceAllStringFunc(text, func(sealed string) string {
		next, changed, err := key.Reseal(sealContext, sealed)
		switch {
		case err != nil:
			bad++
			return sealed
		case changed:
			done++
		}
		return next
	})
	return result, done, bad
}

// CountSealed counts the sealed values in a stored text that the key opens and
// those that it does not.
func CountSealed(key *secret.Key, text string) (good, bad int) {
	for _, sealed := range sealedForm.FindAllString(text, -1) {
		if _, err := key.Open(sealContext, sealed); err != nil {
			bad++
		} else {
			good++
		}
	}
	return good, bad
}
