"""The functions that a query may call: those whose answer depends on their arguments alone.

Left out, beside everything that reads or changes something outside a query: random numbers and the time of day, which
differ from call to call; and functions of one value that cannot be interrupted or take memory that DuckDB does not
count (texts repeated or padded to any length, distances between texts, ranges as lists, folds of lists).
"""

from __future__ import annotations

from collections.abc import Mapping

from alliance_sim.registry.fields import FrozenDict

__all__ = ["CONTEXT", "FUNCTIONS", "KINDS", "TABLE_FUNCTIONS"]

#: Names of operators and of scalar, aggregate and window functions, by kind.
KINDS: Mapping[str, tuple[str, ...]] = FrozenDict(
    (kind, tuple(names.split()))
    for kind, names in {
        "operators": "+ - * / // % ** ^ & | ~ << >> @ || ^@ @> <@ && ~~ !~~ ~~* !~~* ~~~",
        "numbers": """
            abs ceil ceiling floor round round_even trunc sign signbit add subtract multiply divide mod fmod fdiv even
            exp ln log log2 log10 pow power sqrt cbrt gamma lgamma factorial gcd greatest_common_divisor lcm
            least_common_multiple pi degrees radians xor bit_count nextafter sin cos tan cot asin acos atan atan2 sinh
            cosh tanh asinh acosh atanh isnan isinf isfinite
        """,
        "any values": "greatest least if nullif typeof",
        "texts": """
            like_escape not_like_escape ilike_escape not_ilike_escape ascii chr unicode ord length len char_length
            character_length strlen bit_length lower lcase upper ucase concat concat_ws contains prefix suffix
            starts_with ends_with instr strpos position left right reverse substring substr overlay replace translate
            trim ltrim rtrim split_part strip_accents string_split str_split split string_to_array string_split_regex
            str_split_regex regexp_matches regexp_full_match regexp_extract regexp_extract_all regexp_replace
            regexp_escape md5 sha1 sha256 hex to_hex bin to_binary
        """,
        "dates": """
            year quarter month week day hour minute second decade century dayofmonth dayofweek weekday isodow dayofyear
            weekofyear isoyear yearweek era julian epoch dayname monthname last_day days_in_month date_part datepart
            date_trunc datetrunc date_diff datediff date_sub datesub date_add time_bucket make_date make_time
            make_timestamp strftime strptime try_strptime to_years to_quarters to_months to_weeks to_days to_hours
            to_minutes to_seconds
        """,
        "lists, structs, maps": """
            list_value list_pack array_value flatten unnest list_extract list_element
            array_extract element_at list_slice array_slice list_concat list_cat array_concat array_cat list_append
            array_append list_prepend array_prepend list_contains list_has array_contains array_has list_has_any
            array_has_any list_has_all array_has_all list_intersect array_intersect list_position list_indexof
            array_position array_indexof list_distinct array_distinct list_unique array_unique array_length cardinality
            list_sort array_sort list_reverse_sort array_reverse_sort list_reverse array_reverse list_grade_up
            list_where list_select list_zip array_to_string list_transform list_apply array_transform array_apply apply
            list_filter array_filter filter list_sum list_avg list_min list_max list_count list_median list_mode
            list_product list_mad list_first list_last list_any_value list_stddev_pop list_stddev_samp list_var_pop
            list_var_samp list_sem list_skewness list_kurtosis list_bool_and list_bool_or list_string_agg
            list_histogram list_entropy list_distance list_cosine_similarity list_dot_product row struct_pack
            struct_extract struct_extract_at struct_insert struct_keys struct_values map map_keys map_values
            map_entries map_extract map_from_entries map_contains map_concat
        """,
        "aggregates": """
            any_value arbitrary first last count count_star count_if countif sum avg mean fsum kahan_sum sumkahan favg
            product min max arg_min argmin min_by arg_max argmax max_by bool_and bool_or bit_and bit_or bit_xor median
            mode mad quantile quantile_cont quantile_disc approx_quantile approx_count_distinct var_pop var_samp
            variance stddev stddev_pop stddev_samp sem skewness kurtosis kurtosis_pop entropy covar_pop covar_samp corr
            regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy geomean
            geometric_mean weighted_avg wavg list array_agg string_agg group_concat listagg histogram histogram_exact
        """,
        "windows": """
            row_number rank dense_rank rank_dense percent_rank cume_dist ntile lag lead first_value last_value
            nth_value fill
        """,
    }.items()
)
FUNCTIONS = frozenset(name for names in KINDS.values() for name in names)
#: Table functions: they make rows from their arguments alone.
TABLE_FUNCTIONS = ("generate_series", "range", "unnest")
#: Names that DuckDB reads as the time or the user where no column has them.
CONTEXT = frozenset(
    "current_catalog current_date current_role current_schema current_time current_timestamp current_user localtime "
    "localtimestamp session_user user".split()
)
