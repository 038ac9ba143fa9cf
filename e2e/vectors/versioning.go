package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/takodeploy/tako/version"
)

var _ = register("versioning", runVersioning)

// versionVector is one vector; which members it has depends on its kind.
type versionVector struct {
	Name        string         `json:"name"`
	Kind        string         `json:"kind"`
	Format      string         `json:"format"`
	Input       string         `json:"input"`
	A           string         `json:"a"`
	B           string         `json:"b"`
	Mask        string         `json:"mask"`
	Current     string         `json:"current"`
	Versions    []string       `json:"versions"`
	Range       string         `json:"range"`
	Version     string         `json:"version"`
	PackageID   string         `json:"packageId"`
	Extension   string         `json:"extension"`
	Regex       string         `json:"regex"`
	Release     string         `json:"release"`
	Constructor string         `json:"constructor"`
	Args        []string       `json:"args"`
	Expected    any            `json:"expected"`
	ExpectError any            `json:"expectError"`
	format      version.Format // Format, read
}

// versionJudges compute what a vector of each kind asks for.
var versionJudges = map[string]func(versionVector) (any, error){
	"parse":               judgeParse,
	"isPrerelease":        judgeIsPrerelease,
	"compare":             judgeCompare,
	"equals":              judgeEquals,
	"isMask":              func(v versionVector) (any, error) { return version.IsMask(v.Mask), nil },
	"applyMask":           func(v versionVector) (any, error) { return version.ApplyMask(v.Mask, v.Current) },
	"latestMatchingMask":  judgeLatestMatchingMask,
	"rangeContains":       judgeRange,
	"rangeInvalid":        judgeRange,
	"nugetRange":          judgeRange,
	"preReleaseTag":       func(v versionVector) (any, error) { return version.MatchesTag(v.Regex, v.Release) },
	"mavenCoordinate":     judgeCoordinate,
	"packageFileName":     judgePackageFile,
	"cachedFileName":      judgeCachedFile,
	"packageNameFromPath": func(v versionVector) (any, error) { return version.PackageNameFromPath(v.Input), nil },
}

// runVersioning runs a file of vectors of the version library.
func runVersioning(file string) (Result, error) {
	vectors, err := loadVectors[versionVector](file)
	if err != nil {
		return Result{}, err
	}
	var r Result
	for _, v := range vectors {
		judge, known := versionJudges[v.Kind]
		if !known {
			r.Skip()
			continue
		}
		if v.Format != "" {
			if v.format, known = version.ParseFormat(v.Format); !known {
				r.Skip()
				continue
			}
		}
		got, err := judge(v)
		judgeVersion(&r, v, got, err)
	}
	return r, nil
}

// judgeVersion compares an outcome with what the vector expects of it.
func judgeVersion(r *Result, v versionVector, got any, err error) {
	switch wantsError := v.ExpectError != nil && v.ExpectError != false; {
	case wantsError && err == nil:
		r.Fail(v.Name, canonical(got), "an error")
	case wantsError && v.ExpectError == "overflow" && !errors.Is(err, version.ErrTooLarge):
		r.Fail(v.Name, "error: "+err.Error(), "an overflow")
	case wantsError:
		r.Passed++
	case err != nil:
		r.Fail(v.Name, "error: "+err.Error(), canonical(v.Expected))
	default:
		r.Check(v.Name, restrict(got, v.Expected), v.Expected)
	}
}

// restrict keeps of an outcome with members those that the expectation names,
// and shows an empty one as null where the expectation says null.
func restrict(got, expected any) any {
	members, ok := got.(map[string]any)
	wanted, ok2 := expected.(map[string]any)
	if !ok || !ok2 {
		return got
	}
	kept := map[string]any{}
	for name, want := range wanted {
		value, has := members[name]
		switch {
		case want == nil && value == "":
			kept[name] = nil
		case has:
			kept[name] = value
		}
	}
	return kept
}

func judgeParse(v versionVector) (any, error) {
	parsed, err := version.Parse(v.format, v.Input)
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"major": parsed.Major, "minor": parsed.Minor, "patch": parsed.Patch, "revision": parsed.Revision,
		"release":           parsed.Prerelease,
		"prereleasePrefix":  parsed.PrereleasePrefix,
		"prereleaseCounter": parsed.PrereleaseCounter,
		"metadata":          parsed.Metadata,
		"hasMetadata":       parsed.HasMetadata(),
		"isPrerelease":      parsed.IsPrerelease(),
		"originalString":    parsed.String(),
		"toString":          parsed.String(),
	}, nil
}

func judgeIsPrerelease(v versionVector) (any, error) {
	parsed, err := version.Parse(v.format, v.Input)
	return parsed.IsPrerelease(), err
}

// parsePair reads the two versions of a comparison.
func parsePair(v versionVector) (a, b version.Version, err error) {
	if a, err = version.Parse(v.format, v.A); err == nil {
		b, err = version.Parse(v.format, v.B)
	}
	return a, b, err
}

func judgeCompare(v versionVector) (any, error) {
	a, b, err := parsePair(v)
	return a.Compare(b), err
}

func judgeEquals(v versionVector) (any, error) {
	a, b, err := parsePair(v)
	return a.Equal(b), err
}

func judgeLatestMatchingMask(v versionVector) (any, error) {
	return append([]string{}, version.LatestMatchingMask(v.Mask, v.Versions)...), nil
}

func judgeRange(v versionVector) (any, error) {
	within, err := version.ParseRange(v.format, v.Range)
	if err != nil || v.Version == "" {
		return within.String(), err
	}
	candidate, err := version.Parse(v.format, v.Version)
	return within.Contains(candidate), err
}

func judgeCoordinate(v versionVector) (any, error) {
	var (
		c   version.Coordinate
		err error
	)
	switch text := strings.Join(v.Args, ":"); v.Constructor {
	case "new":
		c, err = version.ParseCoordinate(text)
	case "fromOctopusInput":
		if len(v.Args) == 0 {
			return nil, errors.New("the vector has no arguments")
		}
		c, err = version.ParsePackageCoordinate(v.Args[0], strings.Join(v.Args[1:], ""))
	default:
		return nil, fmt.Errorf("unknown constructor %q", v.Constructor)
	}
	return map[string]any{
		"group": c.Group, "artifact": c.Artifact, "version": c.Version,
		"packaging": c.Packaging, "classifier": c.Classifier,
	}, err
}

func judgePackageFile(v versionVector) (any, error) {
	file, err := version.ParsePackageFile(v.Input)
	return map[string]any{
		"packageId": file.ID, "version": file.Version, "extension": file.Extension,
		"versionFormat": strings.ToLower(file.Format.String()),
	}, err
}

// judgeCachedFile puts the vector's placeholder in the place of the digits that
// keep cached names apart.
func judgeCachedFile(v versionVector) (any, error) {
	parsed, err := version.Parse(v.format, v.Version)
	if err != nil {
		return nil, err
	}
	const hash = "0123456789abcdef0123456789abcdef"
	name := version.CachedFileName(v.PackageID, parsed, hash, v.Extension)
	return strings.Replace(name, strings.ToUpper(hash), "<32 hex upper>", 1), nil
}
