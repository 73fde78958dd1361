namespace ContextGrid.Adapters.SchemaRegistry.Protobuf;

/// <summary>
/// A schema of the registry with the files that it imports; finds the messages and enums that its fields name.
/// Not thread-safe.
/// </summary>
internal sealed class ProtoSchema
{
    private const int MissingNamed = 5;

    private readonly Dictionary<string, ProtoFile> _files;
    private readonly ProtoBounds _bounds;
    private readonly List<ProtoFile> _all = [];
    private readonly Dictionary<ProtoFile, List<ProtoFile>> _visible = [];
    private readonly SortedSet<string> _missing = new(StringComparer.Ordinal);

    private ProtoSchema(ProtoFile file, IReadOnlyDictionary<string, ProtoFile> files, ProtoBounds bounds)
    {
        (File, _bounds) = (file, bounds);
        _files = new Dictionary<string, ProtoFile>(files, StringComparer.Ordinal);
    }

    /// <summary>The file whose messages payloads have.</summary>
    internal ProtoFile File { get; private set; }

    /// <summary>Reads a schema and all that it refers to.</summary>
    /// <exception cref="SchemaTextException">A text is neither a .proto file nor a descriptor, or they are too large.
    /// </exception>
    internal static ProtoSchema Read(RegistrySchema schema)
    {
        var bounds = new ProtoBounds();
        var references = new Dictionary<string, ProtoFile>(StringComparer.Ordinal);
        foreach (RegistryReference reference in schema.References)
        {
            references.TryAdd(reference.Name, Read(reference.Name, reference.Text, bounds));
        }

        return Link(Read("", schema.Text, bounds), references, bounds);
    }

    /// <summary>Puts a file together with those that it may import.</summary>
    /// <param name="file">The file.</param>
    /// <param name="files">Others by their paths; known files need not be among them.</param>
    /// <param name="bounds">What looking up may cost.</param>
    internal static ProtoSchema Link(
        ProtoFile file, IReadOnlyDictionary<string, ProtoFile> files, ProtoBounds bounds)
    {
        var linked = new ProtoSchema(file, files, bounds);
        linked.Import();
        linked.File = linked.Effective(file);
        return linked;
    }

    /// <summary>
    /// Finds the message or enum that a field names: from the message of the field outwards, the first scope that has
    /// the first part of the name decides (protoc's rule). What that does not find is looked for in all files, since
    /// registries are laxer.
    /// </summary>
    /// <returns>A <see cref="ProtoMessage"/> or <see cref="ProtoEnum"/>; null: there is none.</returns>
    internal object? Find(ProtoMessage message, string type) =>
        FindVisible(message, type) ?? FindAnywhere(message.Name, type);

    /// <summary>Why a type was not found, in words.</summary>
    internal string Unknown(string type) => _missing.Count == 0
        ? $"{type}, which no file of the schema declares"
        : $"{type}, and these imports are not in the registry: {string.Join(", ", _missing.Take(MissingNamed))}";

    private static ProtoFile Read(string path, string text, ProtoBounds bounds) =>
        ProtoDescriptors.TryRead(path, text, bounds) ?? ProtoParser.Parse(path, text, bounds);

    private void Import()
    {
        var waiting = new Queue<ProtoFile>(_files.Values.Prepend(File));
        while (waiting.TryDequeue(out ProtoFile? next))
        {
            _all.Add(next);
            foreach (ProtoImport import in next.Imports.Where(i => !_files.ContainsKey(i.Path)))
            {
                if (ProtoKnownFiles.Find(import.Path) is { } known)
                {
                    _files[import.Path] = known;
                    waiting.Enqueue(known);
                }
                else
                {
                    _missing.Add(import.Path);
                }
            }
        }
    }

    // A file without declarations that imports one publicly stands for that file.
    private ProtoFile Effective(ProtoFile file)
    {
        var seen = new HashSet<ProtoFile>();
        while (file.Messages.Count == 0 && file.Enums.Count == 0 && seen.Add(file))
        {
            ProtoFile[] imported =
            [
                .. file.Imports.Where(i => i.IsPublic)
                    .Select(i => _files.GetValueOrDefault(i.Path)).OfType<ProtoFile>(),
            ];
            if (imported.Length != 1)
            {
                break;
            }

            file = imported[0];
        }

        return file;
    }

    private object? FindVisible(ProtoMessage message, string type)
    {
        List<ProtoFile> visible = Visible(message.File);
        if (type.StartsWith('.'))
        {
            return FindIn(visible, type[1..], out _);
        }

        int dot = type.IndexOf('.', StringComparison.Ordinal);
        string first = dot < 0 ? type : type[..dot];
        for (string? scope = message.Name; scope is not null; scope = Outer(scope))
        {
            object? found = FindIn(visible, ProtoParser.Join(scope, first), out bool isAround);
            if (dot < 0 && found is not null)
            {
                return found;
            }

            if (dot >= 0 && isAround)
            {
                return FindIn(visible, ProtoParser.Join(scope, type), out _);
            }
        }

        return null;
    }

    private object? FindAnywhere(string scopeOfField, string type)
    {
        bool isFull = type.StartsWith('.');
        for (string? scope = isFull ? "" : scopeOfField; scope is not null; scope = Outer(scope))
        {
            string name = ProtoParser.Join(scope, isFull ? type[1..] : type);
            object? found = FindIn(_all, name, out _) ?? ProtoKnownFiles.FindType(name);
            if (found is not null)
            {
                return found;
            }
        }

        return null;
    }

    // The message or enum of a name, and whether the name is something that others can be in.
    private object? FindIn(List<ProtoFile> files, string name, out bool isAround)
    {
        isAround = false;
        _bounds.LookUp(name.Length, files.Count);
        foreach (ProtoFile file in files)
        {
            if (file.Symbols.Find(name) is { } found)
            {
                isAround = true;
                return found;
            }

            isAround |= file.Symbols.HasPackageOrService(name);
        }

        return null;
    }

    // The file itself, its imports, and what those import publicly.
    private List<ProtoFile> Visible(ProtoFile file)
    {
        if (_visible.TryGetValue(file, out List<ProtoFile>? visible))
        {
            return visible;
        }

        visible = [file];
        foreach (ProtoImport import in file.Imports)
        {
            AddPublic(visible, import.Path);
        }

        return _visible[file] = visible;
    }

    private void AddPublic(List<ProtoFile> into, string path)
    {
        var waiting = new Queue<string>([path]);
        while (waiting.TryDequeue(out string? next))
        {
            if (_files.TryGetValue(next, out ProtoFile? file) && !into.Contains(file))
            {
                into.Add(file);
                foreach (ProtoImport import in file.Imports.Where(i => i.IsPublic))
                {
                    waiting.Enqueue(import.Path);
                }
            }
        }
    }

    private static string? Outer(string scope) =>
        scope.Length == 0 ? null : scope[..Math.Max(0, scope.LastIndexOf('.'))];
}

/// <summary>The names that a file declares.</summary>
internal sealed class ProtoSymbols
{
    private readonly string _package;
    private readonly HashSet<string> _services;
    private readonly Dictionary<string, object> _types = new(StringComparer.Ordinal);

    internal ProtoSymbols(ProtoFile file)
    {
        _package = file.Package;
        _services = [.. file.Services];
        Add(file.Messages, file.Enums);
    }

    /// <summary>The messages and enums by their full names.</summary>
    internal IReadOnlyDictionary<string, object> Types => _types;

    /// <summary>The message or enum of a full name.</summary>
    internal object? Find(string name) => _types.GetValueOrDefault(name);

    /// <summary>Whether a full name is the file's package, one around it, or a service.</summary>
    internal bool HasPackageOrService(string name) =>
        (_package.StartsWith(name, StringComparison.Ordinal)
            && (_package.Length == name.Length || _package[name.Length] == '.'))
        || _services.Contains(name);

    private void Add(List<ProtoMessage> messages, List<ProtoEnum> enums)
    {
        foreach (ProtoEnum found in enums)
        {
            _types[found.Name] = found;
        }

        foreach (ProtoMessage message in messages)
        {
            _types[message.Name] = message;
            Add(message.Messages, message.Enums);
        }
    }
}
