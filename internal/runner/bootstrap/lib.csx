public static Dictionary<string, string> OctopusParameters = ReadVariables();
static Dictionary<string, string> ReadVariables()
{
    var read = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
    foreach (var line in File.ReadAllLines(TAKO_DATA))
    {
        var at = line.IndexOf('$');
        if (at >= 0) read[DecodeServiceMessageValue(line.Substring(0, at))] = DecodeServiceMessageValue(line.Substring(at + 1));
    }
    return read;
}
public static string EncodeServiceMessageValue(string value) => Convert.ToBase64String(Encoding.UTF8.GetBytes(value ?? ""));
public static string DecodeServiceMessageValue(string value) => Encoding.UTF8.GetString(Convert.FromBase64String(value));
static void Tell(string level, string message)
{
    Console.WriteLine("##octopus[stdout-" + level + "]");
    Console.WriteLine(message);
    Console.WriteLine("##octopus[stdout-default]");
}
public static void SetVariable(string name, string value, bool sensitive = false)
{
    OctopusParameters[name] = value;
    var tail = sensitive ? " sensitive='" + EncodeServiceMessageValue("True") + "'" : "";
    Console.WriteLine("##octopus[setVariable name='" + EncodeServiceMessageValue(name) + "' value='" + EncodeServiceMessageValue(value) + "'" + tail + "]");
}
public static void CreateArtifact(string path, string fileName = null)
{
    fileName = fileName ?? Path.GetFileName(path);
    var length = File.Exists(path) ? new FileInfo(path).Length.ToString() : "0";
    path = Path.GetFullPath(path);
    Tell("verbose", "Artifact " + fileName + " will be collected from " + path + " after this step completes");
    Console.WriteLine("##octopus[createArtifact path='" + EncodeServiceMessageValue(path) + "' name='" + EncodeServiceMessageValue(fileName) + "' length='" + EncodeServiceMessageValue(length) + "']");
}
public static void FailStep(string message = null)
{
    if (message != null) Console.WriteLine("##octopus[resultMessage message='" + EncodeServiceMessageValue(message) + "']");
    Environment.Exit(-1);
}
public static void UpdateProgress(int percentage, string message = "") =>
    Console.WriteLine("##octopus[progress percentage='" + EncodeServiceMessageValue(percentage.ToString()) + "' message='" + EncodeServiceMessageValue(message) + "']");
public static void WriteVerbose(string message) => Tell("verbose", message);
public static void WriteHighlight(string message) => Tell("highlight", message);
public static void WriteWait(string message) => Tell("wait", message);
public static void WriteWarning(string message) => Tell("warning", message);
