using System.Globalization;
using System.Text;

namespace ContextGrid.Server.Http.Metrics;

/// <summary>Writes Prometheus' text format, version 0.0.4. One thread at a time.
/// Source: https://prometheus.io/docs/instrumenting/exposition_formats.</summary>
internal sealed class PrometheusText
{
    /// <summary>The content type of the format.</summary>
    internal const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly StringBuilder _text = new();

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();

    /// <summary>Writes a metric's heading.</summary>
    internal void Family(string name, string help, MetricKind kind)
    {
        string escaped = help.Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal);
        _text.Append("# HELP ").Append(name).Append(' ').Append(escaped).Append('\n');
        _text.Append("# TYPE ").Append(name).Append(' ')
            .Append(kind switch
            {
                MetricKind.Counter => "counter",
                MetricKind.Histogram => "histogram",
                _ => "gauge",
            })
            .Append('\n');
    }

    /// <summary>Writes the samples of one series.</summary>
    internal void Series(string name, MetricKind kind, MetricSeries series)
    {
        if (kind != MetricKind.Histogram)
        {
            Sample(name, "", series.Tags, null, series.Value);
            return;
        }

        long count = 0;
        for (int i = 0; i < series.Counts.Length; i++)
        {
            count += series.Counts[i];
            string bound = i < MetricSeries.Bounds.Length ? Number(MetricSeries.Bounds[i]) : "+Inf";
            Sample(name, "_bucket", series.Tags, bound, count);
        }

        Sample(name, "_sum", series.Tags, null, series.Value);
        Sample(name, "_count", series.Tags, null, count);
    }

    /// <summary>A number as the format wants it.</summary>
    internal static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };

    private void Sample(
        string name, string suffix, KeyValuePair<string, object?>[] tags, string? bound, double value)
    {
        _text.Append(name).Append(suffix);
        char separator = '{';
        foreach (KeyValuePair<string, object?> tag in tags)
        {
            _text.Append(separator).Append(tag.Key).Append("=\"");
            Escaped(Convert.ToString(tag.Value, CultureInfo.InvariantCulture) ?? "");
            _text.Append('"');
            separator = ',';
        }

        if (bound is not null)
        {
            _text.Append(separator).Append("le=\"").Append(bound).Append('"');
            separator = ',';
        }

        _text.Append(separator == ',' ? "} " : " ").Append(Number(value)).Append('\n');
    }

    private void Escaped(string value)
    {
        foreach (char c in value)
        {
            _ = c switch
            {
                '\\' => _text.Append("\\\\"),
                '"' => _text.Append("\\\""),
                '\n' => _text.Append("\\n"),
                _ => _text.Append(c),
            };
        }
    }
}
