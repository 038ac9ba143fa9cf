import { Checkbox } from "@mantine/core";
import type { ReactNode } from "react";
import { t } from "~/text/t";
import { useEditor } from "../editor";
import { Flag, Pick, Text, useFeature } from "../parts/fields";
import { PackageField } from "../parts/PackageField";
import classes from "../parts/parts.module.css";
import { Stages } from "./Stages";

const own = "Octopus.Action.Package";
const features = "Octopus.Features";

const acquire = [
  { value: "False", label: t("The server fetches it and sends it to the targets") },
  { value: "True", label: t("Each target fetches it itself") },
];

type FeatureProps = { name: string; label: string; about: string; children: ReactNode };

function Feature({ name, label, about, children }: FeatureProps) {
  const [on, set] = useFeature(`${features}.${name}`);
  const { mayEdit } = useEditor();
  return (
    <div className={classes.feature}>
      <Checkbox
        label={label}
        description={about}
        checked={on}
        disabled={!mayEdit}
        onChange={(e) => set(e.currentTarget.checked)}
      />
      {on && <div className={classes.featureBody}>{children}</div>}
    </div>
  );
}

// DeployPackage is the form of steps that unpack a package and configure it.
export function DeployPackage() {
  return (
    <>
      <PackageField />
      <Acquisition />
      <Flag name={`${own}.SkipIfAlreadyInstalled`} label={t("Skip the step where this version is installed already")} />
      <p className={classes.title}>{t("What is done with its files")}</p>
      <Feature
        name="CustomDirectory"
        label={t("Install into a folder of choice")}
        about={t("Otherwise each version gets a folder of its own below the machine's application folder.")}
      >
        <Text
          name={`${own}.CustomInstallationDirectory`}
          label={t("Folder")}
          placeholder="/opt/#{Octopus.Project.Name}"
        />
        <Flag
          name={`${own}.CustomInstallationDirectoryShouldBePurgedBeforeDeployment`}
          label={t("Empty it before the files are copied")}
        />
        <Text
          name={`${own}.CustomInstallationDirectoryPurgeExclusions`}
          label={t("But keep these")}
          description={t("One path or pattern on each line, such as logs/**.")}
          rows={2}
        />
      </Feature>
      <Feature
        name="CustomScripts"
        label={t("Scripts before and after")}
        about={t("They run in the folder of the package, around its own PreDeploy, Deploy and PostDeploy scripts.")}
      >
        <Stages />
      </Feature>
      <Feature
        name="SubstituteInFiles"
        label={t("Put variables into files")}
        about={t("Expressions such as #{Name} in these files are replaced by their values.")}
      >
        <Text
          name="Octopus.Action.SubstituteInFiles.TargetFiles"
          label={t("Files")}
          description={t("One path or pattern on each line, such as **/*.conf.")}
          rows={3}
        />
        <Text
          name="Octopus.Action.SubstituteInFiles.OutputEncoding"
          label={t("Encoding")}
          placeholder={t("As it is in the file")}
        />
        <Flag
          name="Octopus.Action.SubstituteInFiles.EnableNoMatchWarning"
          label={t("Warn when no file matches")}
          otherwise
        />
      </Feature>
      <Feature
        name="JsonConfigurationVariables"
        label={t("Structured configuration")}
        about={t(
          "Values in JSON, YAML, XML and properties files are replaced by variables that are named like their paths.",
        )}
      >
        <Text
          name={`${own}.JsonConfigurationVariablesTargets`}
          label={t("Files")}
          description={t("One path or pattern on each line, such as appsettings.json.")}
          rows={3}
        />
      </Feature>
      <DotNet />
      <Flag name={`${own}.RunScripts`} label={t("Run the scripts that are in the package")} otherwise />
    </>
  );
}

function Acquisition() {
  return (
    <Pick
      name={`${own}.DownloadOnTentacle`}
      label={t("How it gets to the targets")}
      choices={acquire}
      otherwise="False"
    />
  );
}

function DotNet() {
  return (
    <>
      <Feature
        name="ConfigurationVariables"
        label={t(".NET configuration variables")}
        about={t("appSettings, connectionStrings and applicationSettings in .config files.")}
      >
        <Flag
          name={`${own}.AutomaticallyUpdateAppSettingsAndConnectionStrings`}
          label={t("Replace entries that are named like variables")}
        />
        <Flag name={`${own}.IgnoreVariableReplacementErrors`} label={t("Go on when that fails")} />
      </Feature>
      <Feature
        name="ConfigurationTransforms"
        label={t(".NET configuration transforms")}
        about={t("XML transforms that are applied to .config files.")}
      >
        <Flag
          name={`${own}.AutomaticallyRunConfigurationTransformationFiles`}
          label={t("Apply those of Release, of the environment and of the tenant")}
        />
        <Text
          name={`${own}.AdditionalXmlConfigurationTransforms`}
          label={t("More transforms")}
          description={t("One on each line: Web.Special.config => Web.config")}
          rows={2}
        />
        <Flag name={`${own}.TreatConfigTransformationWarningsAsErrors`} label={t("Warnings are errors")} otherwise />
        <Flag name={`${own}.IgnoreConfigTransformationErrors`} label={t("Go on when that fails")} />
        <Flag name={`${own}.SuppressConfigTransformationLogging`} label={t("Log less about it")} />
        <Flag name={`${own}.EnableDiagnosticsConfigTransformationLogging`} label={t("Log more about it")} />
      </Feature>
    </>
  );
}

// TransferPackage is the form of steps that put a package somewhere as it is.
export function TransferPackage() {
  return (
    <>
      <PackageField />
      <Acquisition />
      <Text
        name={`${own}.TransferPath`}
        label={t("Folder on the targets")}
        description={t("The package's file is put into it, not unpacked.")}
        placeholder="/var/packages"
      />
    </>
  );
}
