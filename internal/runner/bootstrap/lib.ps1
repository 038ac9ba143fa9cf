# What every PowerShell script may call. Dot-sourced before the script, from
# memory. $TakoData is the path of the variables: lines of base64 name, '$',
# base64 value.
$ErrorActionPreference = 'Stop'
$PSNativeCommandArgumentPassing = 'Legacy'

function Convert-ServiceMessageValue([string]$value) {
    [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($value))
}

function Convert-ToServiceMessageParameter([string]$name, [string]$value) {
    "$name='$(Convert-ServiceMessageValue $value)'"
}

function Write-TakoMessage([string]$name, [string[]]$parameters) {
    Write-Host ("##octopus[" + ((@($name) + @($parameters | Where-Object { $_ })) -join ' ') + "]")
}

function Write-Verbose {
    [CmdletBinding()]
    param([Parameter(ValueFromPipeline = $true, Position = 0)][string]$message)
    begin { Write-Host '##octopus[stdout-verbose]' }
    process { Write-Host $message }
    end { Write-Host '##octopus[stdout-default]' }
}

function Write-Debug {
    [CmdletBinding()]
    param([Parameter(ValueFromPipeline = $true, Position = 0)][string]$message)
    process { Write-Verbose $message }
}

function Write-Highlight {
    [CmdletBinding()]
    param([Parameter(ValueFromPipeline = $true, Position = 0)][string]$message)
    begin { Write-Host '##octopus[stdout-highlight]' }
    process { Write-Host $message }
    end { Write-Host '##octopus[stdout-default]' }
}

function Write-Wait {
    [CmdletBinding()]
    param([Parameter(ValueFromPipeline = $true, Position = 0)][string]$message)
    begin { Write-Host '##octopus[stdout-wait]' }
    process { Write-Host $message }
    end { Write-Host '##octopus[stdout-default]' }
}

function Write-Warning {
    [CmdletBinding()]
    param([Parameter(ValueFromPipeline = $true, Position = 0)][string]$message)
    begin { Write-Host '##octopus[stdout-warning]' }
    process { if ($WarningPreference -ne 'SilentlyContinue') { Write-Host $message } }
    end { Write-Host '##octopus[stdout-default]' }
}

function Set-OctopusVariable([string]$name, [string]$value, [switch]$sensitive) {
    $mark = if ($sensitive) { Convert-ToServiceMessageParameter sensitive True }
    Write-TakoMessage setVariable @((Convert-ToServiceMessageParameter name $name), (Convert-ToServiceMessageParameter value $value), $mark)
}

function New-OctopusArtifact {
    [CmdletBinding()]
    param(
        [Parameter(ValueFromPipeline = $true, ValueFromPipelineByPropertyName = $true, Position = 0)]
        [Alias('fullname')][Alias('path')][string]$fullpath,
        [Parameter(ValueFromPipelineByPropertyName = $true, Position = 1)][string]$name = ''
    )
    process {
        if (-not (Test-Path $fullpath)) {
            Write-Verbose "There is no file at '$fullpath' yet. It is collected if it is there when the step ends."
        }
        $full = [IO.Path]::GetFullPath($ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($fullpath))
        if (-not $name) { $name = [IO.Path]::GetFileName($full) }
        $length = if (Test-Path $full -PathType Leaf) { ([IO.FileInfo]$full).Length } else { 0 }
        Write-Verbose "Artifact $name will be collected from $full after this step completes"
        Write-TakoMessage createArtifact @((Convert-ToServiceMessageParameter path $full), (Convert-ToServiceMessageParameter name $name), (Convert-ToServiceMessageParameter length "$length"))
        $name = ''
    }
}

function Fail-Step([string]$message) {
    if ($message) { Write-TakoMessage resultMessage @(Convert-ToServiceMessageParameter message $message) }
    exit -1
}

function Update-Progress {
    [CmdletBinding()]
    param([Parameter(Position = 0)][int]$percentage, [Parameter(ValueFromPipeline = $true, Position = 1)][string]$message)
    process {
        Write-TakoMessage progress @((Convert-ToServiceMessageParameter percentage "$percentage"), (Convert-ToServiceMessageParameter message $message))
    }
}

function New-OctopusTarget {
    [CmdletBinding()]
    param(
        [Parameter(ValueFromPipelineByPropertyName = $true, Mandatory = $true)][string]$Name,
        [Parameter(ValueFromPipelineByPropertyName = $true, Mandatory = $true)][string]$TargetId,
        [Parameter(ValueFromPipelineByPropertyName = $true, Mandatory = $true)][string]$Inputs,
        [Parameter(ValueFromPipelineByPropertyName = $true, Mandatory = $true)][string]$Roles,
        [Parameter(ValueFromPipelineByPropertyName = $true)][string]$WorkerPoolIdOrName = '',
        [Parameter(ValueFromPipelineByPropertyName = $true)][switch]$UpdateIfExisting
    )
    process {
        Write-TakoMessage createStepPackageTarget @(
            (Convert-ToServiceMessageParameter name $Name),
            (Convert-ToServiceMessageParameter targetId $TargetId),
            (Convert-ToServiceMessageParameter inputs $Inputs),
            (Convert-ToServiceMessageParameter octopusRoles $Roles),
            (Convert-ToServiceMessageParameter octopusDefaultWorkerPoolIdOrName $WorkerPoolIdOrName),
            (Convert-ToServiceMessageParameter updateIfExisting "$UpdateIfExisting"))
    }
}

function Remove-OctopusTarget([string]$targetIdOrName) {
    Write-TakoMessage delete-target @(Convert-ToServiceMessageParameter machine $targetIdOrName)
}

function Set-EnvironmentState([string]$key, [string]$value, [switch]$sensitive, [string]$type = 'State') {
    $mark = if ($sensitive) { Convert-ToServiceMessageParameter sensitive True }
    Write-TakoMessage set-environmentstate @((Convert-ToServiceMessageParameter key $key), (Convert-ToServiceMessageParameter value $value), $mark, (Convert-ToServiceMessageParameter type $type))
}

function Set-EnvironmentUrl([string]$key, [string]$url) { Set-EnvironmentState -key $key -value $url -type Url }

function Report-KubernetesManifest {
    [CmdletBinding()]
    param([Parameter(ValueFromPipeline = $true, Position = 0)][string]$manifest, [Parameter(Position = 1)][string]$namespace)
    process {
        foreach ($document in ($manifest -split '(?m)^---\s*$')) {
            if ([string]::IsNullOrWhiteSpace($document)) { continue }
            $ns = if (-not [string]::IsNullOrWhiteSpace($namespace)) { Convert-ToServiceMessageParameter ns $namespace }
            Write-TakoMessage k8s-manifest-applied @((Convert-ToServiceMessageParameter manifest $document), $ns)
        }
    }
}

function Report-KubernetesManifestFile {
    [CmdletBinding()]
    param([Parameter(ValueFromPipeline = $true, Position = 0)][string]$path, [Parameter(Position = 1)][string]$namespace)
    process {
        if (-not (Test-Path $path)) { Write-Verbose "No Kubernetes manifest file was found at '$path'."; return }
        Report-KubernetesManifest -manifest (Get-Content -Raw -Path $path) -namespace $namespace
    }
}

function Execute-WithRetry([scriptblock]$command, [int]$maxFailures = 3, [int]$sleepBetweenFailures = 1) {
    for ($attempt = 1; ; $attempt++) {
        try {
            & $command
            if ($LASTEXITCODE) { throw "The command ended with exit code $LASTEXITCODE." }
            return
        }
        catch {
            if ($attempt -ge $maxFailures) { throw }
            Write-Host "Attempt $attempt of $maxFailures failed: $($_.Exception.Message)"
            Start-Sleep -Seconds $sleepBetweenFailures
        }
    }
}

function Import-ScriptModule([string]$moduleName, [string]$moduleFilePath) {
    try {
        Write-Verbose "Importing Script Module '$moduleName' from '$moduleFilePath'"
        Import-Module -DisableNameChecking $moduleFilePath
    }
    catch {
        [Console]::Error.WriteLine("Script Module '$moduleName' could not be imported: $($_.Exception.Message)")
        [Console]::Error.WriteLine($_.ScriptStackTrace)
        exit 1
    }
}

function Decrypt-Variables($iv, $Encrypted) {
    $aes = [Security.Cryptography.Aes]::Create()
    $aes.Key = [Convert]::FromBase64String($OctopusKey)
    $aes.IV = [Convert]::FromBase64String($iv)
    $data = [Convert]::FromBase64String($Encrypted)
    $text = [Text.Encoding]::UTF8.GetString($aes.CreateDecryptor().TransformFinalBlock($data, 0, $data.Length))
    Read-TakoVariables ($text -split "`n")
}

function Read-TakoVariables([string[]]$lines) {
    $read = New-Object 'Collections.Generic.Dictionary[String,String]' (, [StringComparer]::OrdinalIgnoreCase)
    foreach ($line in $lines) {
        if (-not $line) { continue }
        $name, $value = $line.Trim().Split('$')
        $value = if ($value -eq 'nul') { $null } else { [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($value)) }
        $read[[Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($name))] = $value
    }
    , $read
}

function Initialize-TakoProxy {
    if (-not $env:TentacleProxyHost) { return $null }
    $proxy = New-Object Net.WebProxy("http://$($env:TentacleProxyHost):$($env:TentacleProxyPort)")
    if ($env:TentacleProxyUsername) {
        $proxy.Credentials = New-Object Net.NetworkCredential($env:TentacleProxyUsername, $env:TentacleProxyPassword)
    }
    [Net.WebRequest]::DefaultWebProxy = $proxy
    $proxy
}

$OctopusParameters = Read-TakoVariables ([IO.File]::ReadAllLines($TakoData))
$OctopusProxy = Initialize-TakoProxy
foreach ($pair in $OctopusParameters.GetEnumerator()) {
    $legal = $pair.Key -replace '[^A-Za-z0-9_]', ''
    if ($legal -and -not (Test-Path "variable:$legal")) {
        Set-Variable -Name $legal -Value $pair.Value -Scope Script
        Set-Variable -Name $legal -Value $pair.Value
    }
}
