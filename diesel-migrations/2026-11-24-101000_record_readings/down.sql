DROP FUNCTION close_day;
DROP FUNCTION open_day;
DROP TABLE checkpoints, doubted_readings, channel_days, closed_days, readings;
