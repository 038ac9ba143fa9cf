package octostache

import (
	"strconv"

	"github.com/takodeploy/tako/version"
)

// versionFilter makes a filter that reads its input as a release version and
// gives one part. What is no version ends the evaluation.
func versionFilter(part func(version.Version) string) filter {
	return func(_ *evaluation, input *string, _ []string) (*string, error) {
		if input == nil {
			return nil, nil
		}
		v, err := version.Parse(version.Octopus, *input)
		if err != nil {
			return nil, err
		}
		result := part(v)
		return &result, nil
	}
}

func versionMajor(v version.Version) string             { return strconv.Itoa(v.Major) }
func versionMinor(v version.Version) string             { return strconv.Itoa(v.Minor) }
func versionPatch(v version.Version) string             { return strconv.Itoa(v.Patch) }
func versionRevision(v version.Version) string          { return strconv.Itoa(v.Revision) }
func versionPrerelease(v version.Version) string        { return v.Prerelease }
func versionPrereleasePrefix(v version.Version) string  { return v.PrereleasePrefix }
func versionPrereleaseCounter(v version.Version) string { return v.PrereleaseCounter }
func versionMetadata(v version.Version) string          { return v.Metadata }
