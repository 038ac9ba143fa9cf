// The sample projects: what is sent to the server to make them.
import type { Body } from "~/api/client";
import { request } from "~/api/client";
import type { Project, Wire } from "~/api/wire";
import { t } from "~/text/t";
import { upload } from "../library/upload";
import { zip } from "./zip";

type Process = Wire<"DeploymentProcess">;
type Step = NonNullable<NonNullable<Body<"/api/{spaceId}/projects/{id}/deploymentprocesses", "put">["Steps"]>>[number];

export type Sample = "package" | "script";

export const packageId = "Sample.Website";
const packageVersion = "1.0.0";

const page = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Sample website</title><link rel="stylesheet" href="site.css"></head>
<body><h1>#{Greeting} from #{Octopus.Environment.Name}</h1><p>Release #{Octopus.Release.Number}</p></body>
</html>
`;

const files = {
  "index.html": page,
  "site.css": "body { font-family: sans-serif; margin: 4rem; }\n",
};

export const samplePackage = () =>
  new File([zip(files)], `${packageId}.${packageVersion}.zip`, { type: "application/zip" });

const hello = `# Variables of the project, of the environment and of the release are here.
greeting=$(get_octopusvariable "Greeting")
environment=$(get_octopusvariable "Octopus.Environment.Name")
release=$(get_octopusvariable "Octopus.Release.Number")

echo "$greeting from $environment"
write_highlight "Release $release says $greeting from $environment"
`;

// What runs on the server has nowhere to keep a website: the page becomes an
// artifact of the task, which can be opened from there.
const publish = `folder=$(get_octopusvariable "Octopus.Action.Package[site].ExtractedPath")
echo "The package has these files:"
ls "$folder"

greeting=$(get_octopusvariable "Greeting")
environment=$(get_octopusvariable "Octopus.Environment.Name")
release=$(get_octopusvariable "Octopus.Release.Number")
sed -e "s/##{Greeting}/$greeting/" -e "s/##{Octopus.Environment.Name}/$environment/" \\
    -e "s/##{Octopus.Release.Number}/$release/" "$folder/index.html" > published.html

new_octopusartifact published.html
write_highlight "The page of release $release is ready for $environment"
`;

const onServer = {
  "Octopus.Action.RunOnServer": "True",
  "Octopus.Action.Script.ScriptSource": "Inline",
  "Octopus.Action.Script.Syntax": "Bash",
};

const feed = "feeds-builtin";

const scriptStep = (name: string, body: string, packages: object[] = []): Step =>
  ({
    Name: name,
    Actions: [
      {
        Name: name,
        ActionType: "Octopus.Script",
        Properties: { ...onServer, "Octopus.Action.Script.ScriptBody": body },
        Packages: packages,
      },
    ],
  }) as Step;

const reference = {
  Name: "site",
  PackageId: packageId,
  FeedId: feed,
  AcquisitionLocation: "Server",
  Properties: { Extract: "True", SelectionMode: "immediate" },
};

// onTargets unpacks the package on machines and puts the variables into it.
const onTargets = (tag: string): Step =>
  ({
    Name: "Deploy the website",
    Properties: { "Octopus.Action.TargetRoles": tag },
    Actions: [
      {
        Name: "Deploy the website",
        ActionType: "Octopus.TentaclePackage",
        Properties: {
          "Octopus.Action.RunOnServer": "False",
          "Octopus.Action.Package.DownloadOnTentacle": "False",
          "Octopus.Action.Package.FeedId": feed,
          "Octopus.Action.Package.PackageId": packageId,
          "Octopus.Action.EnabledFeatures": "Octopus.Features.SubstituteInFiles",
          "Octopus.Action.SubstituteInFiles.Enabled": "True",
          "Octopus.Action.SubstituteInFiles.TargetFiles": "index.html",
        },
        Packages: [{ Name: "", PackageId: packageId, FeedId: feed, AcquisitionLocation: "Server", Properties: {} }],
      },
    ],
  }) as Step;

// stepOf is what a sample does: on targets with a tag, or on the server.
export function stepOf(sample: Sample, tag: string | null): Step {
  if (sample === "script") return scriptStep("Say hello", hello);
  return tag ? onTargets(tag) : scriptStep("Publish the website", publish, [reference]);
}

export type Plan = { space: string; sample: Sample; name: string; tag: string | null };

// makeSample makes a project that can be released at once.
export async function makeSample({ space, sample, name, tag }: Plan): Promise<Project> {
  const params = { spaceId: space };
  if (sample === "package") await upload({ space, file: samplePackage(), overwrite: true, onProgress: () => {} });
  const [groups, lifecycles] = await Promise.all([
    request("get", "/api/{spaceId}/projectgroups/all", { params }),
    request("get", "/api/{spaceId}/lifecycles/all", { params }),
  ]);
  const project = await request("post", "/api/{spaceId}/projects", {
    params,
    body: {
      Name: name,
      Description: t("A sample, to look around and try things. It can be deleted."),
      ProjectGroupId: groups?.[0]?.Id,
      LifecycleId: lifecycles?.[0]?.Id,
    },
  });
  const one = { ...params, id: project.Id };
  const process: Process = await request("get", "/api/{spaceId}/projects/{id}/deploymentprocesses", { params: one });
  await request("put", "/api/{spaceId}/projects/{id}/deploymentprocesses", {
    params: one,
    body: { ...process, Steps: [stepOf(sample, tag)] },
  });
  const set = { ...params, id: project.VariableSetId };
  const variables = await request("get", "/api/{spaceId}/variables/{id}", { params: set });
  await request("put", "/api/{spaceId}/variables/{id}", {
    params: set,
    body: { ...variables, Variables: [{ Name: "Greeting", Value: "Hello", Type: "String", Scope: {} }] },
  });
  return project;
}
