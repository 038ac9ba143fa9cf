package catalog

import "github.com/google/uuid"

// newGUID makes an id for a part of a document, such as a step.
func newGUID() string { return uuid.NewString() }
