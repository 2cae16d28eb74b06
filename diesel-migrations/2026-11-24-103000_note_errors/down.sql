DROP TABLE errors;
