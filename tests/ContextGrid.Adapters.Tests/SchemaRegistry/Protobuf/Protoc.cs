using System.ComponentModel;
using System.Diagnostics;
using System.Reflection;
using ContextGrid.TestKit.Processes;
using Google.Protobuf.Reflection;

namespace ContextGrid.Adapters.Tests.SchemaRegistry.Protobuf;

/// <summary>
/// Encodes messages and describes files with protoc, which this project did not write: that of the package Grpc.Tools,
/// which knows editions, or Debian's (protobuf-compiler).
/// </summary>
internal static class Protoc
{
    private static readonly string Directory = typeof(Protoc).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().First(a => a.Key == "GrpcToolsDirectory").Value ?? "";

    /// <summary>The program of the package.</summary>
    internal static string OfPackage { get; } = Path.Combine(Directory, "tools", "linux_x64", "protoc");

    /// <summary>Debian's program.</summary>
    internal const string OfDebian = "protoc";

    /// <summary>The directory of the well-known files.</summary>
    internal static string WellKnown { get; } = Path.Combine(Directory, "build", "native", "include");

    /// <summary>Encodes the text form of a message; skips the test where there is no protoc.</summary>
    internal static async Task<byte[]> EncodeAsync(
        string schema, string message, string text, params (string Name, string Schema)[] imports)
    {
        (byte[] bytes, string error) = await ConvertAsync(
            "encode", schema, message, System.Text.Encoding.UTF8.GetBytes(text), imports);
        Assert.True(error.Length == 0, error);
        return bytes;
    }

    /// <summary>Decodes a message into its text form; null where protoc can't.</summary>
    internal static async Task<string?> DecodeAsync(string schema, string message, byte[] payload)
    {
        (byte[] bytes, string error) = await ConvertAsync("decode", schema, message, payload, []);
        return error.Length == 0 ? System.Text.Encoding.UTF8.GetString(bytes) : null;
    }

    private static async Task<(byte[] Bytes, string Error)> ConvertAsync(
        string how, string schema, string message, byte[] input, (string Name, string Schema)[] imports)
    {
        using var directory = new TemporaryDirectory();
        foreach ((string name, string source) in imports.Append(("main.proto", schema)))
        {
            await WriteAsync(directory.Path, name, source);
        }

        string[] arguments = [$"--{how}={message}", $"-I{directory.Path}", $"-I{WellKnown}", "main.proto"];
        var start = new ProcessStartInfo(OfPackage, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process? process = Start(start);
        Assert.SkipWhen(process is null, "protoc of the package Grpc.Tools does not run here.");
        await process!.StandardInput.BaseStream.WriteAsync(input); // Skipped above when there is none.
        process.StandardInput.Close();
        using var bytes = new MemoryStream();
        await process.StandardOutput.BaseStream.CopyToAsync(bytes);
        string error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (bytes.ToArray(), process.ExitCode == 0 ? "" : error + "exit code " + process.ExitCode);
    }

    /// <summary>The descriptors of files with all that they import, each behind those that it imports.</summary>
    /// <returns>The descriptors, or what protoc has against the files.</returns>
    internal static async Task<(FileDescriptorSet? Set, string Error)> DescribeAsync(
        string program, string[] roots, IEnumerable<string> files)
    {
        using var directory = new TemporaryDirectory();
        string output = Path.Combine(directory.Path, "set.pb");
        string list = Path.Combine(directory.Path, "files.txt");
        await File.WriteAllLinesAsync(list, files);
        try
        {
            ProcessRun run = await ProcessRun.RunAsync(
                program,
                [.. roots.Select(r => $"-I{r}"), "--include_imports", $"--descriptor_set_out={output}", $"@{list}"],
                most: TimeSpan.FromMinutes(5));
            return run.ExitCode == 0
                ? (FileDescriptorSet.Parser.ParseFrom(await File.ReadAllBytesAsync(output)), "")
                : (null, run.Error);
        }
        catch (Win32Exception)
        {
            Assert.Skip($"{program} does not run here: install protobuf-compiler.");
            throw;
        }
    }

    /// <summary>Writes a file of a collection.</summary>
    internal static Task WriteAsync(string root, string name, string source)
    {
        string path = Path.Combine(root, name);
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(path) ?? root);
        return File.WriteAllTextAsync(path, source);
    }

    private static Process? Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start);
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
