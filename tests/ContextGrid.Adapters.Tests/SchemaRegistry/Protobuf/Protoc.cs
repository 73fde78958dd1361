using System.ComponentModel;
using System.Diagnostics;
using ContextGrid.TestKit.Processes;

namespace ContextGrid.Adapters.Tests.SchemaRegistry.Protobuf;

/// <summary>Encodes messages with protoc, which this project did not write (Debian protobuf-compiler).</summary>
internal static class Protoc
{
    // The package of protoc has no well-known messages; these are as they are published, without comments and options.
    private static readonly (string Name, string Schema)[] WellKnown =
    [
        ("google/protobuf/timestamp.proto", Message("Timestamp { int64 seconds = 1; int32 nanos = 2; }")),
        ("google/protobuf/duration.proto", Message("Duration { int64 seconds = 1; int32 nanos = 2; }")),
        ("google/protobuf/wrappers.proto", Message(
            "Int64Value { int64 value = 1; } message StringValue { string value = 1; } "
            + "message DoubleValue { double value = 1; }")),
    ];

    /// <summary>Encodes the text form of a message; skips the test where there is no protoc.</summary>
    internal static async Task<byte[]> EncodeAsync(
        string schema, string message, string text, params (string Name, string Schema)[] imports)
    {
        using var directory = new TemporaryDirectory();
        foreach ((string name, string source) in imports.Append(("main.proto", schema)).Concat(WellKnown))
        {
            Directory.CreateDirectory(Path.Combine(directory.Path, Path.GetDirectoryName(name) ?? ""));
            await File.WriteAllTextAsync(Path.Combine(directory.Path, name), source);
        }

        var start = new ProcessStartInfo(
            "protoc", [$"--encode={message}", $"-I{directory.Path}", "main.proto"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process? process = Start(start);
        Assert.SkipWhen(process is null, "protoc is missing: install protobuf-compiler.");
        await process!.StandardInput.WriteAsync(text); // Skipped above when there is none.
        process.StandardInput.Close();
        using var bytes = new MemoryStream();
        await process.StandardOutput.BaseStream.CopyToAsync(bytes);
        string error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, error);
        return bytes.ToArray();
    }

    private static string Message(string text) =>
        "syntax = \"proto3\"; package google.protobuf; message " + text;

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
