using System.Reflection;
using System.Runtime.InteropServices;
using Confluent.Kafka;

namespace ContextGrid.Adapters.Kafka;

/// <summary>
/// Finds the native library that Confluent.Kafka binds: the one that comes with the package librdkafka.redist, or that
/// of the system.
/// </summary>
internal static class Librdkafka
{
    private const string SystemName = "librdkafka.so.1";

    private static readonly Lazy<string?> Fault = new(Load);

    /// <summary>Makes Confluent.Kafka usable in this process.</summary>
    /// <exception cref="KafkaOptionsException">There is no librdkafka on this machine.</exception>
    internal static void Require()
    {
        if (Fault.Value is { } fault)
        {
            throw new KafkaOptionsException(fault);
        }
    }

    private static string? Load()
    {
        Assembly binding = typeof(Library).Assembly;
        NativeLibrary.SetDllImportResolver(binding, Resolve);
        try
        {
            // The first use of the library looks for it.
            return Library.Version > 0 ? null : "librdkafka does not tell its version.";
        }
        catch (Exception e) when (e is DllNotFoundException or TypeInitializationException or InvalidOperationException)
        {
            return $"librdkafka is missing ({SystemName}): apt-get install librdkafka1, or add the package "
                + "librdkafka.redist.";
        }
    }

    private static IntPtr Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        if (!name.Contains("librdkafka", StringComparison.Ordinal))
        {
            return IntPtr.Zero;
        }

        return NativeLibrary.TryLoad(name, assembly, path, out IntPtr packaged) ? packaged
            : NativeLibrary.TryLoad(SystemName, out IntPtr system) ? system
            : IntPtr.Zero;
    }
}
