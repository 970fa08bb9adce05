"""Functions of MySQL and MariaDB by name: they read their arguments and nothing else.

Not here on purpose: `sleep`, `benchmark` and the locks; `load_file`; what tells of the server, the session or its
users; sequences; and whatever somebody made. A function that only one of them has would be somebody's on the other.
"""

from typing import Final

from opsloom_server.sources.grammar import listed

__all__ = ["BOTH", "MARIADB_ONLY", "MYSQL_ONLY"]

BOTH: Final = listed(
    """
    count sum avg min max group_concat bit_and bit_or bit_xor std stddev stddev_pop stddev_samp variance var_pop
    var_samp json_arrayagg json_objectagg row_number rank dense_rank percent_rank cume_dist ntile lag lead
    first_value last_value nth_value abs ceil ceiling floor round truncate pow power sqrt exp ln log log2 log10 sign
    greatest least pi degrees radians sin cos tan cot asin acos atan atan2 mod rand crc32 conv bin oct hex unhex
    bit_count lower upper lcase ucase length char_length character_length octet_length bit_length substring substr
    mid left right trim ltrim rtrim lpad rpad replace reverse repeat space position locate instr substring_index
    concat concat_ws field elt find_in_set format strcmp ascii ord char quote soundex md5 sha1 sha2 to_base64
    regexp_replace regexp_substr regexp_instr coalesce nullif ifnull if isnull interval now curdate curtime
    current_date current_time current_timestamp localtime localtimestamp utc_date utc_time utc_timestamp sysdate
    date time timestamp year quarter month monthname week weekofyear yearweek day dayofmonth dayname dayofweek
    dayofyear weekday hour minute second microsecond extract date_add date_sub adddate subdate addtime subtime
    datediff timediff timestampdiff timestampadd date_format time_format str_to_date get_format from_unixtime
    unix_timestamp from_days to_days to_seconds last_day makedate maketime period_add period_diff sec_to_time
    time_to_sec convert_tz json_extract json_unquote json_value json_quote json_object json_array json_length
    json_depth json_type json_valid json_keys json_contains json_contains_path json_search json_table
    json_merge_patch json_merge_preserve json_set json_insert json_replace json_remove json_overlaps json_pretty
    match inet_aton inet_ntoa uuid
    """
)

MYSQL_ONLY: Final = listed("any_value grouping regexp_like row")

MARIADB_ONLY: Final = listed(
    "median percentile_cont percentile_disc json_query json_detailed json_exists to_char nvl nvl2"
)
