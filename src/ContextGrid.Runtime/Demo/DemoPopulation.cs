namespace ContextGrid.Runtime.Demo;

/// <summary>Who the simulated users are: where they live and which devices they have.</summary>
internal static class DemoPopulation
{
    private static readonly string[] Countries = ["DE", "FR", "GB", "US", "JP", "BR", "IN", "ZA"];

    /// <summary>A user by square-law skew: user 0 is the busiest.</summary>
    internal static int User(ref DemoRandom random, int users)
    {
        double u = random.NextDouble();
        return (int)(u * u * users);
    }

    /// <summary>One of the user's three devices; some are shared with another user.</summary>
    internal static int Device(ref DemoRandom random, int user) => user * 2 + random.NextInt32(3);

    /// <summary>The user's own country, and one time in twenty another one.</summary>
    internal static string Country(ref DemoRandom random, int user)
    {
        bool away = random.NextInt32(20) == 0;
        int elsewhere = random.NextInt32(Countries.Length);
        return Countries[away ? elsewhere : user % Countries.Length];
    }
}
