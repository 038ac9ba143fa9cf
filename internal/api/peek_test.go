package api

import "github.com/takodeploy/tako/internal/kind"

// Whatever the tests of routes look at is checked not to have been changed.
func init() { kind.Distrust() }
