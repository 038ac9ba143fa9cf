package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Channel brings a server version to the instances that follow it, in waves.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,categories=tako
// +kubebuilder:printcolumn:name="Image",type=string,JSONPath=`.spec.image`
// +kubebuilder:printcolumn:name="State",type=string,JSONPath=`.status.state`
// +kubebuilder:printcolumn:name="Wave",type=integer,JSONPath=`.status.wave`
// +kubebuilder:printcolumn:name="Done",type=integer,JSONPath=`.status.done`
// +kubebuilder:printcolumn:name="Of",type=integer,JSONPath=`.status.instances`
// +kubebuilder:printcolumn:name="Says",type=string,JSONPath=`.status.message`
type Channel struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   ChannelSpec   `json:"spec"`
	Status ChannelStatus `json:"status,omitempty"`
}

// ChannelSpec is the version to bring, and how carefully.
type ChannelSpec struct {
	// Image of the server, by digest in earnest.
	// +kubebuilder:validation:MinLength=1
	Image string `json:"image"`
	// Waves are the parts of the instances, in per cent, that have the version
	// after each wave.
	// +kubebuilder:default={5,25,100}
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=20
	// +kubebuilder:validation:items:Minimum=1
	// +kubebuilder:validation:items:Maximum=100
	// +kubebuilder:validation:XValidation:rule="self[self.size()-1] == 100",message="the last wave has 100 per cent"
	// +listType=atomic
	Waves []int32 `json:"waves,omitempty"`
	// Soak is how long a wave must have been healthy before the next begins.
	// +kubebuilder:default="10m"
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Pattern=`^([0-9]+(h|m|s))+$`
	Soak metav1.Duration `json:"soak,omitempty"`
	// MaxFailed is how many instances may fail before everything stops.
	// +kubebuilder:default=0
	// +kubebuilder:validation:Minimum=0
	MaxFailed int32 `json:"maxFailed,omitempty"`
}

// The states of a channel.
const (
	ChannelRolling = "Rolling"
	ChannelDone    = "Done"
	ChannelStopped = "Stopped"
)

// ChannelStatus is how far a version has come.
type ChannelStatus struct {
	// Image that this is about.
	// +optional
	Image string `json:"image,omitempty"`
	// Good is the image that every instance had last; new instances and failed
	// waves get it.
	// +optional
	Good string `json:"good,omitempty"`
	// +optional
	State string `json:"state,omitempty"`
	// Wave that is under way, from 1.
	// +optional
	Wave int32 `json:"wave,omitempty"`
	// Healthy is since when every instance of the wave has been.
	// +optional
	Healthy *metav1.Time `json:"healthy,omitempty"`
	// +optional
	Instances int32 `json:"instances,omitempty"`
	// +optional
	Done int32 `json:"done,omitempty"`
	// Failed are instances that did not become healthy.
	// +optional
	Failed []string `json:"failed,omitempty"`
	// +optional
	Message string `json:"message,omitempty"`
}

// ChannelList is several channels.
// +kubebuilder:object:root=true
type ChannelList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Channel `json:"items"`
}
