using System.Collections.Immutable;
using System.Text;
using ContextGrid.Core.Definitions;

namespace ContextGrid.Runtime.Codecs;

/// <summary>Reads definitions from YAML files. All files of a directory together are one set.</summary>
public static class DefinitionFiles
{
    // Definitions are written by people; a larger file is something else.
    private const int FileBytesMax = 1 << 20;
    private const int FilesMax = 1_000;

    /// <summary>Reads every <c>*.yaml</c> and <c>*.yml</c> of a directory, without its subdirectories.</summary>
    /// <returns>The set, or everything that is wrong. A directory that cannot be read is such an error too.</returns>
    public static DefinitionReadResult Read(string directory)
    {
        var errors = new DefinitionErrors();
        var roots = ImmutableArray.CreateBuilder<DefinitionNode>();
        foreach (string path in Files(directory, errors))
        {
            string name = Path.GetFileName(path);
            if (Text(path, name, errors) is { } text && YamlNodes.Read(name, text, errors) is { } root)
            {
                roots.Add(root);
            }
        }

        return DefinitionBuilder.Build(roots.ToImmutable(), errors, TimeText.TryParse);
    }

    /// <summary>Reads one file's text as the whole set.</summary>
    /// <param name="fileName">The name that errors give.</param>
    /// <param name="text">The file's content.</param>
    public static DefinitionReadResult Parse(string fileName, string text)
    {
        var errors = new DefinitionErrors();
        if (Encoding.UTF8.GetByteCount(text) > FileBytesMax)
        {
            TooLarge(fileName, errors);
            return DefinitionBuilder.Build([], errors, TimeText.TryParse);
        }

        DefinitionNode? root = YamlNodes.Read(fileName, text, errors);
        return DefinitionBuilder.Build(root is null ? [] : [root], errors, TimeText.TryParse);
    }

    private static string[] Files(string directory, DefinitionErrors errors)
    {
        var place = new DefinitionPlace(directory, 1, 1);
        try
        {
            string[] files =
            [
                .. Directory.EnumerateFiles(directory)
                    .Where(f => Path.GetExtension(f) is ".yaml" or ".yml")
                    .Order(StringComparer.Ordinal)
                    .Take(FilesMax + 1),
            ];
            if (files.Length is 0 or > FilesMax)
            {
                errors.Add(place, files.Length == 0
                    ? "the directory has no *.yaml or *.yml file"
                    : $"the directory has more than {FilesMax} definition files");
            }

            return files;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            errors.Add(place, $"the directory cannot be read: {e.Message}");
            return [];
        }
    }

    private static string? Text(string path, string name, DefinitionErrors errors)
    {
        var place = new DefinitionPlace(name, 1, 1);
        try
        {
            using FileStream file = File.OpenRead(path);
            if (file.Length > FileBytesMax)
            {
                TooLarge(name, errors);
                return null;
            }

            var bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            if (ByteOrderMark.ForeignEncoding(bytes) is { } encoding)
            {
                errors.Add(place, $"the file must be UTF-8; its byte order mark says that it is {encoding}");
                return null;
            }

            ReadOnlySpan<byte> content = bytes.AsSpan(ByteOrderMark.LengthOf(bytes));
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(content);
        }
        catch (DecoderFallbackException e)
        {
            errors.Add(place, $"the file is not UTF-8: byte {e.Index} is wrong");
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            errors.Add(place, $"the file cannot be read: {e.Message}");
            return null;
        }
    }

    private static void TooLarge(string name, DefinitionErrors errors) =>
        errors.Add(new DefinitionPlace(name, 1, 1), "the file is larger than 1 MiB");
}
