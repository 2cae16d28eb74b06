//! When things happen: tokio-cron-scheduler ticks in UTC, and each task runs when its period has passed.
//!
//! The scheduler is only the tick: it is an hour wrong after clocks change, and lets a slow job overlap itself. All tasks
//! are idempotent and take no input, so one that was missed is simply done at the next tick.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use tokio_cron_scheduler::{Job, JobScheduler};

use crate::error::Error;

type Work = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Result<(), Error>> + Send>> + Send + Sync>;

struct Task {
    name: &'static str,
    period: Duration,
    last: Option<Instant>,
    work: Work,
}

/// The tasks and their periods.
#[derive(Default)]
pub struct Schedule {
    tasks: Vec<Task>,
}

impl Schedule {
    /// Adds a task that runs at the first tick and then whenever its period has passed.
    #[must_use]
    pub fn every<F>(
        mut self,
        period: Duration,
        name: &'static str,
        work: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<(), Error>> + Send + 'static,
    {
        let work: Work = Box::new(move || Box::pin(work()));
        self.tasks.push(Task {
            name,
            period,
            last: None,
            work,
        });
        self
    }

    /// Begins to tick.
    ///
    /// # Errors
    /// When the scheduler cannot be set up.
    pub async fn start(self) -> Result<JobScheduler, Error> {
        let scheduler = JobScheduler::new().await.map_err(Error::internal)?;
        let tasks = Arc::new(Mutex::new(self.tasks));
        let tick = Job::new_async("*/5 * * * * *", move |_, _| {
            let tasks = Arc::clone(&tasks);
            Box::pin(async move {
                // A tick that meets a long task leaves the work to the next one.
                if let Ok(mut tasks) = tasks.try_lock() {
                    run_due(&mut tasks).await;
                }
            })
        });
        scheduler
            .add(tick.map_err(Error::internal)?)
            .await
            .map_err(Error::internal)?;
        scheduler.start().await.map_err(Error::internal)?;
        Ok(scheduler)
    }
}

async fn run_due(tasks: &mut [Task]) {
    for task in tasks {
        if task.last.is_none_or(|last| last.elapsed() >= task.period) {
            task.last = Some(Instant::now());
            if let Err(error) = (task.work)().await {
                log::warn!(task = task.name; "task: {}", error.chain());
            }
        }
    }
}
