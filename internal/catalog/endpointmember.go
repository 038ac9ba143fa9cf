package catalog

// keepOwn takes out what is not of the endpoint's style, so that nothing stays
// behind from another one.
func (e *Endpoint) keepOwn() {
	own := Endpoint{CommunicationStyle: e.CommunicationStyle}
	switch e.CommunicationStyle {
	case StyleNone:
		own.DefaultWorkerPoolID = e.DefaultWorkerPoolID
	case StyleListening, StylePolling:
		own.Thumbprint, own.URI, own.ProxyID = e.Thumbprint, e.URI, e.ProxyID
		own.CertificateSignatureAlgorithm, own.TentacleVersionDetails = e.CertificateSignatureAlgorithm, e.TentacleVersionDetails
	case StyleSSH:
		own.AccountID, own.Host, own.Port, own.Fingerprint = e.AccountID, e.Host, e.Port, e.Fingerprint
		own.ProxyID, own.DotNetCorePlatform = e.ProxyID, e.DotNetCorePlatform
	case StyleOfflineDrop:
		own.Destination, own.SensitiveVariablesEncryptionPassword = e.Destination, e.SensitiveVariablesEncryptionPassword
		own.ApplicationsDirectory, own.OctopusWorkingDirectory = e.ApplicationsDirectory, e.OctopusWorkingDirectory
	case StyleKubernetes:
		own.ClusterCertificate, own.ClusterCertificatePath, own.ClusterURL = e.ClusterCertificate, e.ClusterCertificatePath, e.ClusterURL
		own.Namespace, own.SkipTLSVerification, own.ProxyID = e.Namespace, e.SkipTLSVerification, e.ProxyID
		own.RunningInContainer, own.ContainerOptions, own.Container = e.RunningInContainer, e.ContainerOptions, e.Container
		own.DefaultWorkerPoolID, own.Authentication = e.DefaultWorkerPoolID, e.Authentication
	case StyleKubernetesAgent:
		own.TentacleEndpointConfiguration, own.KubernetesAgentDetails = e.TentacleEndpointConfiguration, e.KubernetesAgentDetails
		own.UpgradeLocked, own.DefaultNamespace = e.UpgradeLocked, e.DefaultNamespace
		own.Thumbprint, own.URI = e.Thumbprint, e.URI
	case StyleAzureWebApp:
		own.AccountID, own.ResourceGroupName, own.WebAppName = e.AccountID, e.ResourceGroupName, e.WebAppName
		own.WebAppSlotName, own.DefaultWorkerPoolID = e.WebAppSlotName, e.DefaultWorkerPoolID
	case StyleAzureCloudService:
		own.AccountID, own.CloudServiceName, own.StorageAccountName = e.AccountID, e.CloudServiceName, e.StorageAccountName
		own.Slot, own.SwapIfPossible, own.UseCurrentInstanceCount = e.Slot, e.SwapIfPossible, e.UseCurrentInstanceCount
		own.DefaultWorkerPoolID = e.DefaultWorkerPoolID
	case StyleServiceFabric:
		own.ConnectionEndpoint, own.SecurityMode, own.ServerCertThumbprint = e.ConnectionEndpoint, e.SecurityMode, e.ServerCertThumbprint
		own.ClientCertVariable, own.CertificateStoreLocation, own.CertificateStoreName = e.ClientCertVariable, e.CertificateStoreLocation, e.CertificateStoreName
		own.AadCredentialType, own.AadClientCredentialSecret = e.AadCredentialType, e.AadClientCredentialSecret
		own.AadUserCredentialUsername, own.AadUserCredentialPassword = e.AadUserCredentialUsername, e.AadUserCredentialPassword
		own.DefaultWorkerPoolID = e.DefaultWorkerPoolID
	case StyleECS:
		own.DefaultWorkerPoolID, own.ClusterName, own.Region, own.AccountID = e.DefaultWorkerPoolID, e.ClusterName, e.Region, e.AccountID
		own.UseInstanceRole, own.AssumeRole, own.AssumedRoleArn = e.UseInstanceRole, e.AssumeRole, e.AssumedRoleArn
		own.AssumedRoleSession, own.AssumeRoleSessionDurationSeconds = e.AssumedRoleSession, e.AssumeRoleSessionDurationSeconds
		own.AssumeRoleExternalID = e.AssumeRoleExternalID
	case StyleStepPackage:
		own.DeploymentTargetTypeID, own.StepPackageVersion = e.DeploymentTargetTypeID, e.StepPackageVersion
		own.Inputs, own.DefaultWorkerPoolID = e.Inputs, e.DefaultWorkerPoolID
	default:
		return // the check of the tags says that there is no such style
	}
	*e = own
}
