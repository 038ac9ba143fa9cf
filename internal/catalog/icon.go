package catalog

// Icon is a picture chosen from a set, with its colour.
type Icon struct {
	ID    string `json:"Id"`
	Color string `json:"Color"`
}
