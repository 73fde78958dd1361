using ContextGrid.Core.Model;
using System.Collections.Concurrent;
using ContextGrid.Runtime.Codecs;

namespace ContextGrid.Adapters.SchemaRegistry;

/// <summary>
/// Gives schemas by id, from memory or from the registry. A schema of an id never changes, so it is kept; that there is
/// none, or none that can be used, is kept for a while. Callers who want the same id wait for one request. Thread-safe.
/// Owned by whoever composes the process.
/// </summary>
public sealed class SchemaRegistryClient : IDisposable
{
    /// <summary>
    /// Schemas that are kept: more than a process meets, and few enough to stay in memory. Beyond it, one goes for each
    /// that comes, and is asked for again when it is wanted.
    /// </summary>
    internal const int SchemasMax = 4_096;

    /// <summary>Ids without a schema that are kept: hostile payloads can make up any number of them.</summary>
    internal const int RefusedMax = 10_000;

    private readonly RegistryRequests _requests;
    private readonly TimeProvider _time;
    private readonly TimeSpan _refusedAge;
    private readonly ConcurrentDictionary<SchemaId, RegistrySchema> _known = new();
    private readonly ConcurrentDictionary<SchemaId, (RegistryReply Reply, long Since)> _refused = new();
    private readonly ConcurrentDictionary<SchemaId, Lazy<Task<RegistryReply>>> _running = new();
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>Creates a client; asks nothing yet.</summary>
    /// <param name="options">Which registry, and how patiently.</param>
    /// <param name="time">The clock of ages and waits.</param>
    public SchemaRegistryClient(SchemaRegistryOptions options, TimeProvider time)
    {
        (_time, _refusedAge) = (time, options.RefusedAge);
        _requests = new RegistryRequests(options, time);
    }

    /// <summary>Requests sent so far, repetitions included.</summary>
    internal long Requests => _requests.Sent;

    /// <summary>How many ids without a schema are kept.</summary>
    internal int RefusedCount => _refused.Count;

    /// <summary>What the registry says of an id; an answer without a schema may be another one later.</summary>
    /// <exception cref="SchemaUnavailableException">The registry gives no answer at present.</exception>
    internal ValueTask<RegistryReply> GetAsync(SchemaId id, CancellationToken cancellationToken)
    {
        if (_known.TryGetValue(id, out RegistrySchema? known))
        {
            return new ValueTask<RegistryReply>(new RegistryReply(known));
        }

        if (_refused.TryGetValue(id, out (RegistryReply Reply, long Since) refused))
        {
            if (_time.GetElapsedTime(refused.Since) < _refusedAge)
            {
                return new ValueTask<RegistryReply>(refused.Reply);
            }

            _refused.TryRemove(id, out _);
        }

        Lazy<Task<RegistryReply>> running = _running.GetOrAdd(
            id, static (key, self) => new Lazy<Task<RegistryReply>>(() => self.FetchAsync(key)), this);
        return new ValueTask<RegistryReply>(running.Value.WaitAsync(cancellationToken));
    }

    /// <summary>
    /// The newest schema of a subject; null: the registry has answered that there is none. Not kept.
    /// </summary>
    /// <exception cref="SchemaUnavailableException">The registry gives no answer at present.</exception>
    /// <exception cref="FormatException">The schema can't be read.</exception>
    public async ValueTask<SubjectSchema?> GetLatestAsync(string subject, CancellationToken cancellationToken)
    {
        RegistryReply reply = await AskAsync(
            default, $"subjects/{Uri.EscapeDataString(subject)}/versions/latest", cancellationToken)
            .ConfigureAwait(false);
        return reply switch
        {
            { Schema: { } schema } => SubjectSchema.Of(schema),
            { Refusal: { } refusal } => throw new FormatException(Sentence.End($"The schema can't be used: {refusal}")),
            _ => null,
        };
    }

    /// <summary>Registers an Avro schema under a subject, unless it is there already.</summary>
    /// <returns>Its id.</returns>
    /// <exception cref="SchemaUnavailableException">The registry gives no answer at present, or refuses the schema.
    /// </exception>
    internal async ValueTask<int> RegisterAsync(string subject, string schema, CancellationToken cancellationToken)
    {
        string path = $"subjects/{Uri.EscapeDataString(subject)}/versions";
        RegisteredSchema? registered = await _requests.RegisterAsync(
            path, RegistryJson.Registration(schema), cancellationToken).ConfigureAwait(false);
        return registered?.Id
            ?? throw new SchemaUnavailableException($"The schema registry knows no subject '{subject}'.");
    }

    /// <summary>A subject of an id, for messages; null when it is not known, also while the registry is away.</summary>
    internal async ValueTask<string?> FindSubjectAsync(SchemaId id, CancellationToken cancellationToken)
    {
        // There is no such question by GUID.
        if (id.Guid != default)
        {
            return null;
        }

        try
        {
            return await _requests.SubjectOfAsync(PathOf(id) + "/versions", cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SchemaUnavailableException or SchemaRefusedException)
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

    private static string PathOf(SchemaId id) => $"schemas/{(id.Guid == default ? "ids" : "guids")}/{id}";

    // Runs for all who wait: none of them may end it for the others.
    private async Task<RegistryReply> FetchAsync(SchemaId id)
    {
        try
        {
            RegistryReply reply = await AskAsync(id, PathOf(id), _stopping.Token).ConfigureAwait(false);
            if (reply.Schema is null)
            {
                MakeRoom(_refused, RefusedMax);
                _refused[id] = (reply, _time.GetTimestamp());
            }
            else
            {
                MakeRoom(_known, SchemasMax);
                _known[id] = reply.Schema;
            }

            return reply;
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

    private static void MakeRoom<T>(ConcurrentDictionary<SchemaId, T> kept, int most)
    {
        while (kept.Count >= most)
        {
            kept.TryRemove(kept.First().Key, out _);
        }
    }

    private async Task<RegistryReply> AskAsync(SchemaId id, string path, CancellationToken cancellationToken)
    {
        try
        {
            RegistryAnswer? answer = await _requests.AskAsync(path, cancellationToken).ConfigureAwait(false);
            if (answer is null)
            {
                return default;
            }

            var walk = new ReferenceWalk(_requests);
            await walk.VisitAsync(answer, 0, cancellationToken).ConfigureAwait(false);
            return new RegistryReply(new RegistrySchema(id, answer.Type, answer.Schema, walk.Found));
        }
        catch (SchemaRefusedException e)
        {
            return new RegistryReply(null, e.Message);
        }
    }
}
