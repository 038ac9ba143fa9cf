package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Restore brings an instance's data back as of a time, into itself or into a
// new instance. It happens once.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,categories=tako
// +kubebuilder:printcolumn:name="Source",type=string,JSONPath=`.spec.source`
// +kubebuilder:printcolumn:name="Target",type=string,JSONPath=`.spec.target`
// +kubebuilder:printcolumn:name="Time",type=string,JSONPath=`.spec.time`
// +kubebuilder:printcolumn:name="State",type=string,JSONPath=`.status.state`
// +kubebuilder:printcolumn:name="Says",type=string,JSONPath=`.status.message`
type Restore struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   RestoreSpec   `json:"spec"`
	Status RestoreStatus `json:"status,omitempty"`
}

// RestoreSpec is what to bring back.
// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="a restore cannot be changed: make another"
// +kubebuilder:validation:XValidation:rule="!has(self.hosts) || self.source != self.target",message="hosts are for a new instance: leave them out when an instance is restored into itself"
type RestoreSpec struct {
	// Source is the instance whose backup is read.
	// +kubebuilder:validation:MinLength=1
	Source string `json:"source"`
	// Target is the source again, or the name of an instance to make.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=50
	Target string `json:"target"`
	// Time to go back to; the newest unless given.
	// +optional
	Time *metav1.Time `json:"time,omitempty"`
	// Hosts of a new instance.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=10
	Hosts []string `json:"hosts,omitempty"`
}

// The states of a restore.
const (
	RestoreWaiting = "Waiting"
	RestoreRunning = "Running"
	RestoreDone    = "Done"
	RestoreFailed  = "Failed"
)

// RestoreStatus is how far it has come.
type RestoreStatus struct {
	// +optional
	State string `json:"state,omitempty"`
	// +optional
	Message string `json:"message,omitempty"`
	// +optional
	Began *metav1.Time `json:"began,omitempty"`
	// +optional
	Ended *metav1.Time `json:"ended,omitempty"`
}

// RestoreList is several restores.
// +kubebuilder:object:root=true
type RestoreList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Restore `json:"items"`
}
