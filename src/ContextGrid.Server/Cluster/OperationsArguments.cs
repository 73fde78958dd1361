using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using ContextGrid.Orleans.Operations;

namespace ContextGrid.Server.Cluster;

/// <summary>The options of the command line for TLS between silos, the dashboard of Orleans, and OpenTelemetry.
/// </summary>
internal sealed class OperationsArguments
{
    private readonly Option<string?> _certificate = Option("--silo-tls-certificate", "FILE",
        "TLS between silos, on all of them: this silo's certificate, PEM or PFX. Needs --silo-tls-ca");

    private readonly Option<string?> _key = Option("--silo-tls-key", "FILE",
        "The certificate's key in PEM, if it is not in the certificate's file");

    private readonly Option<string?> _password = Option("--silo-tls-password", "FILE",
        "The file with the password of the PFX or of the key");

    private readonly Option<string?> _authority = Option("--silo-tls-ca", "FILE",
        "The authority in PEM that the certificates of all silos come from, and of nobody else");

    private readonly Option<string?> _dashboard = Option("--cluster-dashboard", "@FILE|env:NAME|open",
        $"Show the dashboard of Orleans at {DashboardAccess.Path} to who knows the password in FILE or in the variable "
        + "NAME, or open: to everybody on this machine. On all silos, or on none");

    private readonly Option<string?> _otlp = Option("--otlp", "URL",
        "Send metrics, and traces of calls between entities' silos, to this collector, by OTLP over HTTP, such as "
        + "http://127.0.0.1:4318");

    private readonly Option<string?> _ratio = Option("--otlp-traces", "RATIO",
        "The part of traces that is sent, 0 to 1. Default: 0.01");

    /// <summary>All of them, in the order of the help.</summary>
    internal IReadOnlyList<Option> All => [_certificate, _key, _password, _authority, _dashboard, _otlp, _ratio];

    /// <summary>What the command line says; it is valid.</summary>
    internal ClusterOperations Read(ParseResult result) => new(
        result.GetValue(_certificate) is { } certificate && result.GetValue(_authority) is { } authority
            ? new SiloTlsOptions
            {
                Certificate = certificate,
                Key = result.GetValue(_key),
                PasswordFile = result.GetValue(_password),
                Authority = authority,
            }
            : null,
        result.GetValue(_dashboard) is { } text && DashboardAccess.TryParse(text, out DashboardAccess? access, out _)
            ? access
            : null,
        Endpoint(result.GetValue(_otlp)) is { } endpoint
            ? new OtlpOptions { Endpoint = endpoint, TraceRatio = Ratio(result.GetValue(_ratio)) ?? 0.01 }
            : null);

    /// <summary>What is wrong with what the command line says.</summary>
    internal IEnumerable<string> Errors(CommandResult result)
    {
        bool hasCertificate = result.GetValue(_certificate) is not null;
        if (hasCertificate != result.GetValue(_authority) is not null)
        {
            yield return "--silo-tls-certificate and --silo-tls-ca go together.";
        }
        else if (!hasCertificate && (result.GetValue(_key) ?? result.GetValue(_password)) is not null)
        {
            yield return "--silo-tls-key and --silo-tls-password are for --silo-tls-certificate.";
        }

        if (result.GetValue(_dashboard) is { } text && !DashboardAccess.TryParse(text, out _, out string? error))
        {
            yield return "--cluster-dashboard: " + error;
        }

        if (result.GetValue(_otlp) is { } address && Endpoint(address) is null)
        {
            yield return "--otlp takes the collector's address, such as http://127.0.0.1:4318.";
        }

        if (result.GetValue(_ratio) is { } ratio && (result.GetValue(_otlp) is null || Ratio(ratio) is null))
        {
            yield return "--otlp-traces takes a number from 0 to 1, and --otlp.";
        }
    }

    private static Uri? Endpoint(string? text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) && uri.Scheme is ("http" or "https") ? uri : null;

    private static double? Ratio(string? text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double ratio)
        && ratio <= 1 ? ratio : null;

    private static Option<string?> Option(string name, string value, string description) =>
        new(name) { HelpName = value, Description = description };
}
