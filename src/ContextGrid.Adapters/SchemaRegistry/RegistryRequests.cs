using ContextGrid.Core.Model;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using ContextGrid.Runtime.Codecs;
using Polly;
using Polly.Retry;

namespace ContextGrid.Adapters.SchemaRegistry;

/// <summary>
/// Sends requests to the registry and tells its answers apart: a schema, "there is none", one that can't be used, and
/// no answer at all. Only what a registry says is an answer; the 404 of a proxy is none. Thread-safe.
/// </summary>
internal sealed class RegistryRequests : IDisposable
{
    /// <summary>Requests at a time; the others wait.</summary>
    internal const int ConcurrencyMax = 16;

    /// <summary>The largest answer, 16 MiB: the largest public .proto files have 4 MiB.</summary>
    internal const int AnswerBytesMax = 16 * 1024 * 1024;

    private readonly HttpClient _http;
    private readonly SchemaRegistryOptions _options;
    private readonly ResiliencePipeline _pipeline;
    private readonly SemaphoreSlim _turns = new(ConcurrencyMax, ConcurrencyMax);
    private long _sent;

    internal RegistryRequests(SchemaRegistryOptions options, TimeProvider time)
    {
        _options = options;
        _http = new HttpClient(new SocketsHttpHandler
        {
            // A redirect could carry the credentials elsewhere.
            AllowAutoRedirect = false,
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            ConnectTimeout = options.RequestTimeout,
        })
        {
            BaseAddress = options.Address,
            MaxResponseContentBufferSize = AnswerBytesMax,
            Timeout = Timeout.InfiniteTimeSpan,
        };
        var builder = new ResiliencePipelineBuilder { TimeProvider = time };
        if (options.Retries > 0)
        {
            builder.AddRetry(new RetryStrategyOptions
            {
                MaxRetryAttempts = options.Retries,
                Delay = options.RetryDelay,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                ShouldHandle = new PredicateBuilder().Handle<SchemaUnavailableException>(e => MayPass(e)),
            });
        }

        _pipeline = builder.AddTimeout(options.RequestTimeout).Build();
    }

    /// <summary>Requests sent so far, repetitions included.</summary>
    internal long Sent => Volatile.Read(ref _sent);

    /// <summary>Asks for a schema.</summary>
    /// <returns>Null: the registry says that there is none.</returns>
    /// <exception cref="SchemaUnavailableException">There is no answer.</exception>
    /// <exception cref="SchemaRefusedException">There is one, in a language that is not read here, not of a registry's
    /// form, or too large.</exception>
    internal Task<RegistryAnswer?> AskAsync(string path, CancellationToken cancellationToken) =>
        SendAsync(path, null, RegistryJson.Read, cancellationToken);

    /// <summary>Asks for the uses of a schema and gives the first subject; null: none.</summary>
    /// <exception cref="SchemaUnavailableException">There is no answer.</exception>
    internal Task<string?> SubjectOfAsync(string path, CancellationToken cancellationToken) =>
        SendAsync(path, null, RegistryJson.ReadSubject, cancellationToken);

    /// <summary>Registers a schema, unless it is there already; null: the registry says that there is no such
    /// subject.</summary>
    /// <exception cref="SchemaUnavailableException">There is no answer, or the schema is refused.</exception>
    internal Task<RegisteredSchema?> RegisterAsync(string path, byte[] body, CancellationToken cancellationToken) =>
        SendAsync(path, body, RegistryJson.ReadRegistered, cancellationToken);

    /// <summary>Ends requests that are under way. The semaphore holds nothing, and they still give their turns back.
    /// </summary>
    public void Dispose() => _http.Dispose();

    // Asking again does not help when the registry knows us and says no; the caller's own, slower repetition stays.
    private static bool MayPass(SchemaUnavailableException e) =>
        e.InnerException is not HttpRequestException { StatusCode: { } status }
        || status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests
        || (int)status >= 500;

    private async Task<T?> SendAsync<T>(
        string path, byte[]? body, Func<byte[], T?> read, CancellationToken cancellationToken)
        where T : class
    {
        await _turns.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await _pipeline.ExecuteAsync(
                static async (state, token) =>
                    await state.Self.OnceAsync(state.Path, state.Body, state.Read, token).ConfigureAwait(false),
                (Self: this, Path: path, Body: body, Read: read),
                cancellationToken).ConfigureAwait(false);
        }
        catch (Polly.Timeout.TimeoutRejectedException e)
        {
            throw Away($"gave no answer within {_options.RequestTimeout.TotalSeconds:0.###} s", e);
        }
        finally
        {
            _turns.Release();
        }
    }

    private async Task<T?> OnceAsync<T>(
        string path, byte[]? sent, Func<byte[], T?> read, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            using HttpRequestMessage request = RequestOf(path, sent);
            Interlocked.Increment(ref _sent);
            using HttpResponseMessage response = await _http.SendAsync(request, cancellationToken)
                .ConfigureAwait(false);
            byte[] body = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
            return response.StatusCode switch
            {
                HttpStatusCode.OK => read(body) ?? throw new JsonException("it is not of the registry's form"),
                HttpStatusCode.NotFound or HttpStatusCode.Gone or HttpStatusCode.BadRequest
                    or HttpStatusCode.UnprocessableEntity
                    when sent is null && RegistryJson.IsRegistrysError(body) => null,
                HttpStatusCode.NotFound when sent is null && await IsRegistryAsync(cancellationToken)
                    .ConfigureAwait(false) => null,
                _ => throw Refused(response.StatusCode, RegistryJson.ErrorText(body)),
            };
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            throw new SchemaRefusedException(
                $"the schema registry's answer is larger than {AnswerBytesMax / (1024 * 1024)} MiB");
        }
        catch (HttpRequestException e)
        {
            throw Away($"can't be reached: {e.Message}", e);
        }
        catch (JsonException e)
        {
            throw Away("gave an answer that can't be read; is the address that of a schema registry?", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            throw new SchemaUnavailableException(
                "The credentials of the schema registry can't be read from their file.", e);
        }
    }

    // Registries have other forms of "not found" too. Whether one has said it, or what stands before it, shows in what
    // the same address answers to a question that every registry can answer.
    private async Task<bool> IsRegistryAsync(CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = RequestOf("schemas/types", null);
        Interlocked.Increment(ref _sent);
        using HttpResponseMessage response = await _http.SendAsync(request, cancellationToken).ConfigureAwait(false);
        byte[] body = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
        return response.StatusCode == HttpStatusCode.OK
            ? RegistryJson.IsListOfTexts(body)
            : response.StatusCode == HttpStatusCode.NotFound && RegistryJson.IsRegistrysError(body);
    }

    private HttpRequestMessage RequestOf(string path, byte[]? body)
    {
        var request = new HttpRequestMessage(body is null ? HttpMethod.Get : HttpMethod.Post, path);
        request.Headers.Authorization = _options.Credentials.Header();
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/vnd.schemaregistry.v1+json"));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json", 0.9));
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/vnd.schemaregistry.v1+json");
        }

        return request;
    }

    private SchemaUnavailableException Refused(HttpStatusCode status, string said)
    {
        string advice = status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden
            ? "; check the credentials in CONTEXTGRID_SCHEMA_REGISTRY_AUTH"
            : said.Length > 0 ? $": {said}" : "";
        return Away($"answers {(int)status}{advice}", new HttpRequestException(null, null, status));
    }

    private SchemaUnavailableException Away(string what, Exception cause) =>
        new(Sentence.End($"The schema registry at {_options.Address.Authority} {what}"), cause);
}
