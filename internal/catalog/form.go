package catalog

// Form is what somebody is asked: elements, and the values they have.
type Form struct {
	Values   map[string]string `json:"Values"`
	Elements []FormElement     `json:"Elements"`
}

// FormElement is one question of a form, or a piece of text in it.
type FormElement struct {
	Name            string      `json:"Name"`
	Control         FormControl `json:"Control"`
	IsValueRequired bool        `json:"IsValueRequired"`
}

// FormControl says how an element looks. Type tells which of the members have
// a meaning: VariableValue, Paragraph, TextArea, SubmitButtonGroup, Checkbox
// and the like.
type FormControl struct {
	Type            string            `json:"Type"`
	Name            string            `json:"Name,omitempty"`
	Label           string            `json:"Label,omitempty"`
	Description     string            `json:"Description,omitempty"`
	Required        bool              `json:"Required,omitempty"`
	Text            string            `json:"Text,omitempty"`
	ResolveLinks    bool              `json:"ResolveLinks,omitempty"`
	Buttons         []FormButton      `json:"Buttons,omitempty"`
	DisplaySettings map[string]string `json:"DisplaySettings,omitempty"`
}

// FormButton is one of the answers that a group of buttons offers.
type FormButton struct {
	Text                 string `json:"Text"`
	Value                string `json:"Value"`
	RequiresConfirmation bool   `json:"RequiresConfirmation"`
}
