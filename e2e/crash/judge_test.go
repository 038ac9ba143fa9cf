package main

import (
	"strings"
	"testing"
)

func TestBetween(t *testing.T) {
	for _, c := range []struct {
		lines         string
		least, most   int
		lost, doubled int
	}{
		{"a", 1, 1, 0, 0}, {"a b", 2, 2, 0, 0}, {"", 1, 1, 1, 0}, {"a a", 1, 1, 0, 1}, {"a b", 1, 1, 0, 1}, {"a a", 2, 2, 1, 1}, {"b a b", 2, 2, 0, 1},
		{"", 0, 1, 0, 0}, {"", 1, 2, 1, 0}, {"a", 1, 2, 0, 0}, {"a a", 0, 2, 0, 1},
	} {
		var sum tally
		sum.between("place", strings.Fields(c.lines), c.least, c.most)
		if sum.lost != c.lost || sum.doubled != c.doubled {
			t.Errorf("%q of %d to %d: lost %d doubled %d", c.lines, c.least, c.most, sum.lost, sum.doubled)
		}
	}
}

func TestCompare(t *testing.T) {
	calm := log{"/a": {"status Success", "1", "2", "3"}}
	for _, c := range []struct {
		now  log
		want int
	}{
		{log{"/a": {"status Success", "1", "2", "3"}}, 0},
		{log{"/a": {"status Success", "1", "3"}}, 1},
		{log{"/a": {"status Success", "1", "2", "2", "3"}}, 1},
		{log{"/a": {"status Success", "2", "1", "3"}}, 2},
		{log{"/a": {"status Failed", "1", "2", "3"}}, 2},
		{log{"/a": {"status Success", "1", "2", "3"}, "/b": {"x"}}, 1},
		{log{}, 4},
	} {
		var sum tally
		sum.compare("task", calm, c.now)
		if sum.differing != c.want || (c.want == 0) != sum.clean() {
			t.Errorf("%v: %d lines differ instead of %d: %q", c.now, sum.differing, c.want, sum.wrong)
		}
	}
}

// TestAlike makes lines alike that two undisturbed runs say differently, and
// no others.
func TestAlike(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"Package Acme.Web 1.0.0: sent 131 bytes.", "Package Acme.Web 1.0.0: already there.", true},
		{"to /x/Acme.Web/1.0.0_2", "to /x/Acme.Web/1.0.0", true},
		{"in /x/work/" + strings.Repeat("a", 32) + "/files", "in /x/work/" + strings.Repeat("b", 32) + "/files", true},
		{"Deploy Project 12 release", "Deploy Calm pair-1 release", true},
		{"Work web-1 says line 1", "Work web-1 says line 2", false},
		{"Work web-1 says line 1", "Work web-2 says line 1", false},
	} {
		if (alike(c.a) == alike(c.b)) != c.same {
			t.Errorf("%q and %q: %q, %q", c.a, c.b, alike(c.a), alike(c.b))
		}
	}
}

func TestCompareSaid(t *testing.T) {
	calm := log{"/a": {"status Success", "Work web-1 says line 1", "Work web-1 says line 2", "done"},
		"/b": {"status Success", "b says line 1", "b says line 2", "b says line 1", "b says line 2"}}
	for _, c := range []struct {
		now  log
		want int
	}{
		{calm, 0},
		{log{}, 0}, // it did not come to that
		{log{"/a": {"status Success", "Work web-1 says line 1"}}, 1},
		{log{"/a": {"status Failed", "Work web-1 says line 1", "The agent process 7 " + killedWith}}, 0},
		{log{"/a": {"status Failed", "Work web-1 says line 2", "The agent process 7 " + killedWith}}, 2},
		{log{"/a": {"status Failed", "Work web-1 says line 1", "Work web-1 says line 1"}}, 2},
		{log{"/b": {"status Success", "b says line 1", "The agent process 7 " + killedWith, "b says line 1", "b says line 2"}}, 0},
		{log{"/b": {"status Success", "The agent process 7 " + killedWith, "b says line 1"}}, 3},
		{log{"/b": {"status Success", "b says line 1", "b says line 1", "b says line 2"}}, 1},
	} {
		var sum tally
		sum.compareSaid("task", calm, c.now, []string{killedWith})
		if sum.differing != c.want {
			t.Errorf("%v: %d lines differ instead of %d: %q", c.now, sum.differing, c.want, sum.wrong)
		}
	}
}
