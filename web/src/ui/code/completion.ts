// What the script editor offers while one types: variables after #{, names of
// variables in the calls that read them, and the functions that scripts have.
export type Language = "Bash" | "PowerShell" | "Python" | "CSharp" | "Json" | "Text";

export type Completions = { variables: string[] };

export type Offer = { from: number; options: { label: string; apply?: string; detail?: string; type: string }[] };

type Fn = { name: string; call: string; detail: string };

const fn = (name: string, call: string, detail: string): Fn => ({ name, call, detail });

const set = "makes an output variable";
const read = "reads a variable";
const artifact = "keeps a file with the deployment";
const progress = "shows how far it is";
const fail = "ends the step as failed";
const verbose = "writes to the verbose log";
const highlight = "writes a highlighted line";
const wait = "writes a line about waiting";
const warning = "writes a warning";

export const functions: Partial<Record<Language, Fn[]>> = {
  Bash: [
    fn("get_octopusvariable", 'get_octopusvariable "Name"', read),
    fn("set_octopusvariable", 'set_octopusvariable "Name" "value"', set),
    fn("new_octopusartifact", 'new_octopusartifact "path" "name"', artifact),
    fn("update_progress", 'update_progress 50 "message"', progress),
    fn("fail_step", 'fail_step "message"', fail),
    fn("write_verbose", 'write_verbose "text"', verbose),
    fn("write_highlight", 'write_highlight "text"', highlight),
    fn("write_wait", 'write_wait "text"', wait),
    fn("write_warning", 'write_warning "text"', warning),
  ],
  PowerShell: [
    fn("$OctopusParameters", '$OctopusParameters["Name"]', read),
    fn("Set-OctopusVariable", 'Set-OctopusVariable -name "Name" -value "value"', set),
    fn("New-OctopusArtifact", 'New-OctopusArtifact -Path "path" -Name "name"', artifact),
    fn("Update-Progress", 'Update-Progress 50 "message"', progress),
    fn("Fail-Step", 'Fail-Step "message"', fail),
    fn("Write-Verbose", 'Write-Verbose "text"', verbose),
    fn("Write-Highlight", 'Write-Highlight "text"', highlight),
    fn("Write-Wait", 'Write-Wait "text"', wait),
    fn("Write-Warning", 'Write-Warning "text"', warning),
    fn("Execute-WithRetry", "Execute-WithRetry { }", "repeats what fails"),
  ],
  Python: [
    fn("get_octopusvariable", 'get_octopusvariable("Name")', read),
    fn("set_octopusvariable", 'set_octopusvariable("Name", "value")', set),
    fn("createartifact", 'createartifact("path", "name")', artifact),
    fn("updateprogress", 'updateprogress(50, "message")', progress),
    fn("failstep", 'failstep("message")', fail),
    fn("printverbose", 'printverbose("text")', verbose),
    fn("printhighlight", 'printhighlight("text")', highlight),
    fn("printwait", 'printwait("text")', wait),
    fn("printwarning", 'printwarning("text")', warning),
  ],
  CSharp: [
    fn("OctopusParameters", 'OctopusParameters["Name"]', read),
    fn("SetVariable", 'SetVariable("Name", "value");', set),
    fn("CreateArtifact", 'CreateArtifact("path", "name");', artifact),
    fn("UpdateProgress", 'UpdateProgress(50, "message");', progress),
    fn("FailStep", 'FailStep("message");', fail),
    fn("WriteVerbose", 'WriteVerbose("text");', verbose),
    fn("WriteHighlight", 'WriteHighlight("text");', highlight),
    fn("WriteWait", 'WriteWait("text");', wait),
    fn("WriteWarning", 'WriteWarning("text");', warning),
  ],
};

// reads is what stands before the name of a variable in each language.
const reads: Partial<Record<Language, RegExp>> = {
  Bash: /get_octopusvariable\s+["']([^"']*)$/,
  PowerShell: /\$OctopusParameters\[\s*["']([^"']*)$/i,
  Python: /get_octopusvariable\(\s*["']([^"']*)$/,
  CSharp: /OctopusParameters\[\s*"([^"]*)$/,
};

// substitution finds an expression that is begun and not ended.
export const substitution = /#\{\s*([^{}|]*)$/;

const words: Partial<Record<Language, RegExp>> = { PowerShell: /[$A-Za-z][\w-]*$/ };

// offer says what could stand at the end of a line that is typed as far as
// before, which begins at a position.
export function offer(
  before: string,
  start: number,
  language: Language,
  all: Completions,
  asked: boolean,
): Offer | null {
  const name = substitution.exec(before);
  const at = (text: string) => start + before.length - text.length;
  if (name) {
    const from = at(name[1] ?? "");
    return { from, options: all.variables.map((label) => ({ label, apply: `${label}}`, type: "variable" })) };
  }
  const call = reads[language]?.exec(before);
  if (call) return { from: at(call[1] ?? ""), options: all.variables.map((label) => ({ label, type: "variable" })) };
  const typed = (words[language] ?? /[A-Za-z_]\w*$/).exec(before)?.[0] ?? "";
  if (typed.length < 2 && !asked) return null;
  const known = functions[language] ?? [];
  if (known.length === 0) return null;
  return {
    from: at(typed),
    options: known.map((f) => ({ label: f.name, apply: f.call, detail: f.detail, type: "function" })),
  };
}
