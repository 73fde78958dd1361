using System.Globalization;
using ContextGrid.TestKit.Processes;

namespace ContextGrid.TestKit.Parts;

/// <summary>
/// Azurite, Microsoft's emulator of Azure's Blob or Table storage, on a free port of 127.0.0.1. It keeps its port and
/// what it holds when it is stopped and started again. Not thread-safe.
/// </summary>
public sealed class AzuriteProcess : IAsyncDisposable
{
    /// <summary>The account of the emulator.</summary>
    public const string Account = "devstoreaccount1";

    /// <summary>The account's key, which everybody knows.</summary>
    public const string Key =
        "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private readonly TemporaryDirectory _directory = new();
    private readonly string _modules;
    private readonly string _service;
    private readonly string[] _more;
    private PartProcess? _process;

    private AzuriteProcess(string modules, string service, string[] more) =>
        (_modules, _service, _more) = (modules, service, more);

    /// <summary>Its port.</summary>
    public int Port { get; } = PartProcess.FreePort();

    /// <summary>A connection string of the account.</summary>
    public string ConnectionString => ConnectionStringAt(Port);

    /// <summary>The newest lines that it has written.</summary>
    public string Output => _process?.Output ?? "";

    private bool IsInMemory => _more.Contains("--inMemoryPersistence");

    private string Scheme => _more.Contains("--cert") ? "https" : "http";

    /// <summary>Installs it where that is needed and possible, and starts it; skips the test where it cannot be had.
    /// </summary>
    /// <param name="more">More arguments; with <c>--inMemoryPersistence</c> it forgets everything when it is stopped,
    /// but bears uploads that break off: each of these costs its files one of 50 places to write.</param>
    public static Task<AzuriteProcess> StartAsync(params string[] more) => StartServiceAsync("blob", more);

    /// <summary>Does the same for tables instead of blobs.</summary>
    public static Task<AzuriteProcess> StartTablesAsync() => StartServiceAsync("table", []);

    private static async Task<AzuriteProcess> StartServiceAsync(string service, string[] more)
    {
        var azurite = new AzuriteProcess(await NodePackages.RequireAsync("azurite"), service, more);
        try
        {
            await azurite.StartAgainAsync();
            return azurite;
        }
        catch
        {
            await azurite.DisposeAsync();
            throw;
        }
    }

    /// <summary>A connection string of the account behind a proxy on another port.</summary>
    public string ConnectionStringAt(int port) => string.Create(
        CultureInfo.InvariantCulture,
        $"AccountName={Account};AccountKey={Key};"
            + $"{(_service == "blob" ? "Blob" : "Table")}Endpoint={Scheme}://127.0.0.1:{port}/{Account};");

    /// <summary>Stops it; what it holds is on the disk.</summary>
    public async Task StopAsync()
    {
        if (_process is not null)
        {
            await _process.TerminateAsync();
            await _process.DisposeAsync();
            _process = null;
        }
    }

    /// <summary>Starts it after <see cref="StopAsync"/>.</summary>
    public async Task StartAgainAsync()
    {
        using var handler = new HttpClientHandler
        {
            ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator,
        };
        using var http = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(5) };
        string port = Port.ToString(CultureInfo.InvariantCulture);
        string[] arguments =
        [
            Path.Combine(_modules, "azurite", "dist", "src", _service, "main.js"),
            $"--{_service}Host", "127.0.0.1", $"--{_service}Port", port, "--skipApiVersionCheck", "--silent",
            "--disableTelemetry", .. _more, .. IsInMemory ? [] : (string[])["--location", _directory.Path],
        ];
        _process = await PartProcess.StartAsync("node", arguments, async () =>
        {
            try
            {
                using HttpResponseMessage answer = await http.GetAsync(new Uri($"{Scheme}://127.0.0.1:{port}/"));
                return true;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        });
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await (_process?.DisposeAsync() ?? ValueTask.CompletedTask);
        _directory.Dispose();
    }
}
