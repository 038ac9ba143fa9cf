package catalog

// feedType says what one type of feed has.
type feedType struct {
	name    string
	acquire []string
	has     map[string]bool
}

func members(names ...string) map[string]bool {
	set := map[string]bool{}
	for _, n := range names {
		set[n] = true
	}
	return set
}

var (
	serverOrTarget = []string{"Server", "ExecutionTarget"}
	anywhere       = []string{"Server", "ExecutionTarget", "NotAcquired"}
	imagesOnly     = []string{"NotAcquired"}
)

var feedTypes = []feedType{
	{FeedBuiltIn, serverOrTarget, members("BuiltIn")},
	{FeedOctopusProject, imagesOnly, members()},
	{"NuGet", serverOrTarget, members("FeedUri", "Password", "Retry", "EnhancedMode")},
	{"Docker", imagesOnly, members("FeedUri", "Password", "Retry", "Registry")},
	{"Maven", serverOrTarget, members("FeedUri", "Password", "Retry")},
	{"GitHub", []string{"Server"}, members("FeedUri", "Password", "Retry")},
	{"Helm", anywhere, members("FeedUri", "Password")},
	{"OciRegistry", anywhere, members("FeedUri", "Password")},
	{"AwsElasticContainerRegistry", imagesOnly, members("Region", "AccessKey", "MachineCredentials", "Oidc")},
	{"AzureContainerRegistry", imagesOnly, members("FeedUri", "Password", "Retry", "Registry", "Oidc")},
	{"GoogleContainerRegistry", imagesOnly, members("FeedUri", "Password", "Retry", "Registry", "Oidc")},
	{"S3", serverOrTarget, members("Region", "AccessKey", "MachineCredentials")},
	{"GcsStorage", serverOrTarget, members("Retry", "ServiceAccount", "Oidc")},
	{"ArtifactoryGeneric", serverOrTarget, members("FeedUri", "Password", "Layout")},
	{"Npm", serverOrTarget, members("FeedUri", "Password", "Retry")},
	{"PyPi", serverOrTarget, members("FeedUri", "Password", "Retry")},
}

// or gives the pointer, or one to a value when it is nil.
func or[T any](p *T, value T) *T {
	if p == nil {
		return &value
	}
	return p
}

// keepOwn takes out what the type does not have and fills in what it has.
func (f *Feed) keepOwn(t feedType) {
	own := Feed{Named: f.Named, FeedType: f.FeedType, PackageAcquisitionLocationOptions: f.PackageAcquisitionLocationOptions}
	if t.has["FeedUri"] {
		own.FeedURI = f.FeedURI
	}
	if t.has["Password"] {
		own.Username, own.Password = f.Username, held(f.Password)
	}
	if t.has["Retry"] {
		own.DownloadAttempts, own.DownloadRetryBackoffSeconds = or(f.DownloadAttempts, 5), or(f.DownloadRetryBackoffSeconds, 10)
	}
	if t.has["EnhancedMode"] {
		own.EnhancedMode = or(f.EnhancedMode, false)
	}
	if t.has["Registry"] {
		own.APIVersion, own.RegistryPath = f.APIVersion, f.RegistryPath
	}
	if t.has["Region"] {
		own.Region = f.Region
	}
	if t.has["AccessKey"] {
		own.AccessKey, own.SecretKey = f.AccessKey, held(f.SecretKey)
	}
	if t.has["MachineCredentials"] {
		own.UseMachineCredentials = or(f.UseMachineCredentials, false)
	}
	if t.has["Oidc"] {
		own.OIDCAuthentication = f.OIDCAuthentication
	}
	if t.has["ServiceAccount"] {
		own.UseServiceAccountKey, own.ServiceAccountJSONKey, own.Project = or(f.UseServiceAccountKey, false), held(f.ServiceAccountJSONKey), f.Project
	}
	if t.has["Layout"] {
		own.Repository, own.LayoutRegex = f.Repository, f.LayoutRegex
	}
	if t.has["BuiltIn"] {
		own.DeleteUnreleasedPackagesAfterDays = f.DeleteUnreleasedPackagesAfterDays
		own.DeletePackagesAssociatedWithReleases = or(f.DeletePackagesAssociatedWithReleases, false)
		own.IsBuiltInRepoSyncEnabled = or(f.IsBuiltInRepoSyncEnabled, true)
	}
	*f = own
}
