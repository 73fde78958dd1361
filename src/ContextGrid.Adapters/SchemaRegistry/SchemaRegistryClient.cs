using System.Collections.Concurrent;
using System.Globalization;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Adapters.SchemaRegistry;

/// <summary>
/// Gives schemas by id, from memory or from the registry. A schema of an id never changes, so it is kept; that an id is
/// unknown is kept for a while. Callers who want the same id wait for one request. Thread-safe. Owned by whoever
/// composes the process.
/// </summary>
public sealed class SchemaRegistryClient : IDisposable
{
    /// <summary>
    /// Schemas that are kept: more than a process meets, and few enough to stay in memory. Beyond it, one goes for each
    /// that comes, and is asked for again when it is wanted.
    /// </summary>
    internal const int SchemasMax = 4_096;

    /// <summary>Unknown ids that are kept: hostile payloads can make up any number of them.</summary>
    internal const int UnknownMax = 10_000;

    private readonly RegistryRequests _requests;
    private readonly TimeProvider _time;
    private readonly TimeSpan _unknownAge;
    private readonly ConcurrentDictionary<int, RegistrySchema> _known = new();
    private readonly ConcurrentDictionary<int, long> _unknown = new();
    private readonly ConcurrentDictionary<int, Lazy<Task<RegistrySchema?>>> _running = new();
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>Creates a client; asks nothing yet.</summary>
    /// <param name="options">Which registry, and how patiently.</param>
    /// <param name="time">The clock of ages and waits.</param>
    public SchemaRegistryClient(SchemaRegistryOptions options, TimeProvider time)
    {
        (_time, _unknownAge) = (time, options.UnknownAge);
        _requests = new RegistryRequests(options, time);
    }

    /// <summary>Requests sent so far, repetitions included.</summary>
    internal long Requests => _requests.Sent;

    /// <summary>How many unknown ids are kept.</summary>
    internal int UnknownCount => _unknown.Count;

    /// <summary>The schema of an id; null: the registry has answered that there is none.</summary>
    /// <exception cref="SchemaUnavailableException">The registry gives no answer at present.</exception>
    internal ValueTask<RegistrySchema?> GetAsync(int id, CancellationToken cancellationToken)
    {
        if (_known.TryGetValue(id, out RegistrySchema? known))
        {
            return new ValueTask<RegistrySchema?>(known);
        }

        if (_unknown.TryGetValue(id, out long since))
        {
            if (_time.GetElapsedTime(since) < _unknownAge)
            {
                return default;
            }

            _unknown.TryRemove(id, out _);
        }

        Lazy<Task<RegistrySchema?>> running = _running.GetOrAdd(
            id, static (key, self) => new Lazy<Task<RegistrySchema?>>(() => self.FetchAsync(key)), this);
        return new ValueTask<RegistrySchema?>(running.Value.WaitAsync(cancellationToken));
    }

    /// <summary>
    /// The newest schema of a subject; null: the registry has answered that there is none. Not kept.
    /// </summary>
    /// <exception cref="SchemaUnavailableException">The registry gives no answer at present.</exception>
    /// <exception cref="FormatException">The schema's text can't be read.</exception>
    public async ValueTask<SubjectSchema?> GetLatestAsync(string subject, CancellationToken cancellationToken)
    {
        RegistryAnswer? answer = await _requests.AskAsync(
            $"subjects/{Uri.EscapeDataString(subject)}/versions/latest", cancellationToken).ConfigureAwait(false);
        if (answer is null)
        {
            return null;
        }

        RegistrySchema schema = await ResolveAsync(0, answer, cancellationToken).ConfigureAwait(false);
        return SubjectSchema.Of(schema);
    }

    /// <summary>Registers an Avro schema under a subject, unless it is there already.</summary>
    /// <returns>Its id.</returns>
    /// <exception cref="SchemaUnavailableException">The registry gives no answer at present, or refuses the schema.
    /// </exception>
    internal async ValueTask<int> RegisterAsync(string subject, string schema, CancellationToken cancellationToken)
    {
        string path = $"subjects/{Uri.EscapeDataString(subject)}/versions";
        string? id = await _requests.RegisterAsync(path, RegistryJson.Registration(schema), cancellationToken)
            .ConfigureAwait(false);
        return id is null
            ? throw new SchemaUnavailableException($"The schema registry knows no subject '{subject}'.")
            : int.Parse(id, CultureInfo.InvariantCulture);
    }

    /// <summary>A subject of an id, for messages; null when it is not known, also while the registry is away.</summary>
    internal async ValueTask<string?> FindSubjectAsync(int id, CancellationToken cancellationToken)
    {
        try
        {
            return await _requests.SubjectOfAsync(PathOf(id) + "/versions", cancellationToken).ConfigureAwait(false);
        }
        catch (SchemaUnavailableException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stopping.Cancel();
        _requests.Dispose();
        _stopping.Dispose();
    }

    // Ids are unsigned on the wire; the registry's own are small.
    private static string PathOf(int id) => string.Create(CultureInfo.InvariantCulture, $"schemas/ids/{(uint)id}");

    // Runs for all who wait: none of them may end it for the others.
    private async Task<RegistrySchema?> FetchAsync(int id)
    {
        try
        {
            RegistryAnswer? answer = await _requests.AskAsync(PathOf(id), _stopping.Token).ConfigureAwait(false);
            if (answer is null)
            {
                NoteUnknown(id);
                return null;
            }

            RegistrySchema schema = await ResolveAsync(id, answer, _stopping.Token).ConfigureAwait(false);
            if (_known.Count >= SchemasMax)
            {
                _known.TryRemove(_known.First().Key, out _);
            }

            return _known[id] = schema;
        }
        catch (OperationCanceledException e) when (_stopping.IsCancellationRequested)
        {
            throw new SchemaUnavailableException("The client of the schema registry is closed.", e);
        }
        finally
        {
            _running.TryRemove(id, out _);
        }
    }

    private void NoteUnknown(int id)
    {
        while (_unknown.Count >= UnknownMax)
        {
            _unknown.TryRemove(_unknown.First().Key, out _);
        }

        _unknown[id] = _time.GetTimestamp();
    }

    private async Task<RegistrySchema> ResolveAsync(int id, RegistryAnswer answer, CancellationToken cancellationToken)
    {
        var walk = new ReferenceWalk(_requests);
        await walk.VisitAsync(answer, 0, cancellationToken).ConfigureAwait(false);
        return new RegistrySchema(id, answer.Type, answer.Schema, walk.Found);
    }
}
