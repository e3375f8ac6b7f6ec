from alliance_sim.registry.fields import month_name, month_number


def test_months_count_from_1970() -> None:
    assert month_number("1970-01") == 0
    assert all(month_number(month_name(number)) == number for number in range(0, 1500, 7))
    assert month_name(month_number("2025-12") + 1) == "2026-01"
