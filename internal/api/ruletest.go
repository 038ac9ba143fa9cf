package api

import (
	"github.com/takodeploy/tako/internal/catalog"
	"github.com/takodeploy/tako/internal/feed"
	"github.com/takodeploy/tako/internal/rule"
	"github.com/takodeploy/tako/internal/store"
)

var _ = area(func(a *API) []Route {
	const at = "S/channels/rule-test"
	return []Route{
		{Method: "GET", Pattern: at, Handle: a.testRule, Query: []string{"feedId", "feedType", "feetType", "preReleaseTag", "version", "versionRange"}, Summary: "Test whether a version satisfies a channel's version rule", Answer: ruleTested{}},
		{Method: "POST", Pattern: at, Handle: a.testSentRule, Summary: "Test whether a version satisfies a channel's version rule", Body: ruleTest{}, Answer: ruleTested{}},
	}
})

// ruleTest is a version and the rule to test it against. Clients that choose
// packages before they create a release ask so for each package.
type ruleTest struct {
	Version       string
	VersionRange  string
	PreReleaseTag string
	FeedID        string `json:"FeedId"`
	FeedType      string
}

type ruleTested struct {
	SatisfiesVersionRange  bool
	SatisfiesPreReleaseTag bool
	IsValid                bool
	Errors                 []string
}

func (a *API) testRule(r *Request) (any, error) {
	feedType := r.Q("feedType")
	if feedType == "" {
		feedType = r.Q("feetType") // as the link has always spelled it
	}
	return a.tested(r, &ruleTest{r.Q("version"), r.Q("versionRange"), r.Q("preReleaseTag"), r.Q("feedId"), feedType})
}

func (a *API) testSentRule(r *Request) (any, error) {
	var t ruleTest
	if err := r.Read(&t); err != nil {
		return nil, err
	}
	return a.tested(r, &t)
}

func (a *API) tested(r *Request, t *ruleTest) (any, error) {
	if !r.Rights.Anywhere("ProcessView", r.Space) {
		return nil, r.Need("ProcessView", At{})
	}
	err := r.View(func(tx *store.Tx) error {
		if t.FeedID == "" {
			return nil
		}
		f, err := catalog.Feeds.Find(tx, r.Space, t.FeedID)
		if err == nil {
			t.FeedType = f.FeedType
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	inRange, tagged, err := rule.TestVersion(&rule.ChannelRule{VersionRange: t.VersionRange, Tag: t.PreReleaseTag}, feed.FormatOf(t.FeedType), t.Version)
	answer := ruleTested{inRange, tagged, inRange && tagged, []string{}}
	if err != nil {
		answer.Errors = append(answer.Errors, rule.Capital(err.Error())+".")
	}
	return answer, nil
}
