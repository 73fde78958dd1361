using ContextGrid.Adapters.SchemaRegistry;
using ContextGrid.Adapters.SchemaRegistry.Protobuf;
using ContextGrid.TestKit.Parts;
using ContextGrid.TestKit.Processes;
using Google.Protobuf.Reflection;

namespace ContextGrid.Adapters.Tests.SchemaRegistry.Protobuf;

/// <summary>
/// Reads every .proto file that this machine has and compares it with protoc's descriptor. CONTEXTGRID_PROTOS names
/// more: directories from which imports count, with a colon between them.
/// </summary>
public sealed class ProtoCollectionTests(ITestOutputHelper output)
{
    private const int LinesMax = 20, RandomRounds = 40, SampleMax = 500;

    [Fact]
    public Task Read_WellKnownFilesOfThePackage_IsProtocsDescriptor() =>
        CompareAsync(Protoc.OfPackage, Protoc.WellKnown, "*.proto");

    [Fact]
    public Task Read_DebiansFiles_IsProtocsDescriptor()
    {
        const string Include = "/usr/include/google/protobuf";
        Assert.SkipUnless(Directory.Exists(Include), $"There is no {Include}: install libprotobuf-dev.");
        return CompareAsync(Protoc.OfDebian, "/usr/include", "google/protobuf/*.proto");
    }

    [Fact]
    public async Task Read_OwnFiles_IsProtocsDescriptor()
    {
        string root = SharedParts.RepositoryRoot();
        await CompareAsync(Protoc.OfPackage, Path.Combine(root, "src", "ContextGrid.Contracts"), "contextgrid/**");
        await CompareAsync(
            Protoc.OfPackage, Path.Combine(root, "tests", "ContextGrid.Integration.Tests", "Protos"), "**");
    }

    [Fact]
    public async Task Read_FilesOfGooglesInterfaces_IsProtocsDescriptor()
    {
        // Eight thousand files: each run takes some of them with all that they import. CONTEXTGRID_PROTOS takes all.
        string modules = await NodePackages.RequireAsync("google-proto-files");
        string root = Path.Combine(modules, "google-proto-files");
        string[] files = [.. FilesOf(root, "**")];
        new Random(Seeds.Next(output)).Shuffle(files);
        await CompareAsync(Protoc.OfPackage, [root], files[..Math.Min(SampleMax, files.Length)]);
    }

    [Fact]
    public async Task Read_NamedCollections_IsProtocsDescriptor()
    {
        // Without a collection of somebody's it is the contract's.
        string roots = Environment.GetEnvironmentVariable("CONTEXTGRID_PROTOS")
            ?? Path.Combine(SharedParts.RepositoryRoot(), "src", "ContextGrid.Contracts");
        await CompareAsync(Protoc.OfPackage, roots.Split(':'), "**");
    }

    [Theory]
    [InlineData("proto2")]
    [InlineData("proto3")]
    [InlineData("2023")]
    [InlineData("2024")]
    public async Task Read_RandomFiles_IsProtocsDescriptor(string syntax)
    {
        int seed = Seeds.Next(output);
        string[] programs = syntax[0] == 'p' ? [Protoc.OfPackage, Protoc.OfDebian] : [Protoc.OfPackage];
        for (int i = 0; i < RandomRounds; i++)
        {
            using var directory = new TemporaryDirectory();
            foreach ((string name, string source) in new RandomProto(new Random(seed + i), syntax).Files())
            {
                await Protoc.WriteAsync(directory.Path, name, source);
            }

            string[] roots = [directory.Path, Protoc.WellKnown];
            (FileDescriptorSet? set, string error) = await Protoc.DescribeAsync(
                programs[i % programs.Length], roots, ["main.proto"]);
            string round = $"seed {seed}, {syntax}, round {i}: ";
            Assert.True(set is not null, round + error);
            var tally = new Tally();
            Compare(roots, set, ["dep.proto", "mid.proto", "main.proto"], tally);
            Assert.True(tally.Refused.Count == 0, round + string.Join('\n', tally.Refused));
            Assert.True(tally.Differences.Count == 0, round + string.Join('\n', tally.Differences));
        }
    }

    private Task CompareAsync(string program, string root, string pattern) => CompareAsync(program, [root], pattern);

    private Task CompareAsync(string program, string[] roots, string pattern) => CompareAsync(
        program, roots, [.. roots.SelectMany(r => FilesOf(r, pattern)).Distinct(StringComparer.Ordinal)]);

    private async Task CompareAsync(string program, string[] roots, string[] files)
    {
        Assert.NotEmpty(files);
        string[] all = [.. roots, Protoc.WellKnown];
        var tally = new Tally();
        await DescribeAsync(program, all, files, tally);
        output.WriteLine(
            $"{string.Join(':', roots)}: {files.Length} files, {tally.Refused.Count} refused, {tally.Fields} fields, "
            + $"{tally.Differences.Count} differ; protoc refuses {tally.NotOfProtoc}");
        foreach (string line in tally.Refused.Concat(tally.Differences).Take(LinesMax))
        {
            output.WriteLine(line);
        }

        Assert.Empty(tally.Refused);
        Assert.Empty(tally.Differences);
    }

    // What protoc names in its errors is not of one collection with the others: such files are described by themselves,
    // and what protoc refuses even then is only parsed.
    private static async Task DescribeAsync(string program, string[] roots, string[] files, Tally tally)
    {
        (FileDescriptorSet? set, string error) = await Protoc.DescribeAsync(program, roots, files);
        if (set is not null)
        {
            Compare(roots, set, files, tally);
            return;
        }

        if (files.Length == 1)
        {
            tally.NotOfProtoc++;
            tally.Try(files[0], () => Parse(roots, files[0]));
            return;
        }

        HashSet<string> named =
        [
            .. error.Split('\n').Where(l => !l.Contains(": warning: ", StringComparison.Ordinal))
                .Select(l => l.Split(':')[0]),
        ];
        string[] alone = [.. files.Where(named.Contains)];
        foreach (string file in alone.Length > 0 ? alone : files)
        {
            await DescribeAsync(program, roots, [file], tally);
        }

        if (alone.Length > 0)
        {
            await DescribeAsync(program, roots, [.. files.Where(f => !named.Contains(f))], tally);
        }
    }

    private static void Compare(string[] roots, FileDescriptorSet set, string[] files, Tally tally)
    {
        Dictionary<string, FileDescriptor> descriptors = DescriptorComparison.Build(set);
        var parsed = new Dictionary<string, ProtoFile>(StringComparer.Ordinal);
        foreach (string file in set.File.Select(f => f.Name))
        {
            tally.Try(file, () => parsed[file] = Parse(roots, file));
        }

        foreach (string file in files.Where(parsed.ContainsKey))
        {
            var closure = new Dictionary<string, ProtoFile>(StringComparer.Ordinal);
            AddImports(descriptors[file], parsed, closure);
            var comparison = new DescriptorComparison(parsed[file], closure);
            comparison.Compare(descriptors[file]);
            tally.Fields += comparison.Fields;
            tally.Differences.AddRange(comparison.Differences);
        }
    }

    private static void AddImports(
        FileDescriptor file, Dictionary<string, ProtoFile> parsed, Dictionary<string, ProtoFile> into)
    {
        foreach (FileDescriptor import in file.Dependencies)
        {
            if (parsed.TryGetValue(import.Name, out ProtoFile? found) && into.TryAdd(import.Name, found))
            {
                AddImports(import, parsed, into);
            }
        }
    }

    private static ProtoFile Parse(string[] roots, string file)
    {
        string path = roots.Select(r => Path.Combine(r, file)).First(File.Exists);
        return ProtoParser.Parse(file, File.ReadAllText(path), new ProtoBounds());
    }

    private static IEnumerable<string> FilesOf(string root, string pattern)
    {
        string directory = pattern.StartsWith("**", StringComparison.Ordinal)
            ? root
            : Path.Combine(root, Path.GetDirectoryName(pattern) ?? "");
        return Directory.EnumerateFiles(directory, "*.proto", SearchOption.AllDirectories)
            .Select(f => Path.GetRelativePath(root, f).Replace('\\', '/'))
            .Where(f => !f.Split('/').Any(part => part is "node_modules" or "obj" or "bin"))
            .Order(StringComparer.Ordinal);
    }

    private sealed class Tally
    {
        internal List<string> Refused { get; } = [];

        internal List<string> Differences { get; } = [];

        internal int Fields { get; set; }

        internal int NotOfProtoc { get; set; }

        internal void Try(string file, Action parse)
        {
            try
            {
                parse();
            }
            catch (SchemaTextException e)
            {
                Refused.Add($"{file}: {e.Message}");
            }
        }
    }
}
