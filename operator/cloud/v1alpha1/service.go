package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// ServiceState is how an instance serves.
// +kubebuilder:validation:Enum=Up;Asleep;Waking;Planned;Unplanned
type ServiceState string

// The states. One that sleeps serves: the first request wakes it.
const (
	ServiceUp        ServiceState = "Up"
	ServiceAsleep    ServiceState = "Asleep"
	ServiceWaking    ServiceState = "Waking"
	ServicePlanned   ServiceState = "Planned" // down for something that somebody asked for
	ServiceUnplanned ServiceState = "Unplanned"
)

// Service is what was measured of how an instance serves. It is changed when the
// state changes, and so costs nothing while all is well.
type Service struct {
	// +optional
	State ServiceState `json:"state,omitempty"`
	// Since is when the state began; the months hold what was before.
	// +optional
	Since metav1.Time `json:"since,omitempty"`
	// Woke is what the gateway told last of an awakening.
	// +optional
	Woke string `json:"woke,omitempty"`
	// +optional
	// +listType=map
	// +listMapKey=month
	Months []ServiceMonth `json:"months,omitempty"`
}

// ServiceMonth is a month in UTC.
type ServiceMonth struct {
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-[0-9]{2}$`
	Month string `json:"month"`
	// UpSeconds is for how long it served or slept.
	// +optional
	UpSeconds int64 `json:"upSeconds,omitempty"`
	// +optional
	PlannedSeconds int64 `json:"plannedSeconds,omitempty"`
	// +optional
	UnplannedSeconds int64 `json:"unplannedSeconds,omitempty"`
	// Outages is how often it was down unplanned.
	// +optional
	Outages int32 `json:"outages,omitempty"`
	// WakesWithin counts the awakenings that took up to 1, 2, 5, 10, 30 seconds, and
	// more.
	// +optional
	// +listType=atomic
	WakesWithin []int32 `json:"wakesWithin,omitempty"`
	// +optional
	SlowestWakeMillis int64 `json:"slowestWakeMillis,omitempty"`
}
